// SPDX-License-Identifier: Apache-2.0
// Generates docs/reference/documents.md from schemas/: every key of every document with its default, what is allowed, and an example.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { allowed } from "../components/manifest/messages.ts";
import { kinds, resolved, type Schema, schemaOf } from "../components/manifest/schema.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const referencePath = path.join(root, "docs/reference/documents.md");

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** One table row a key, keys of groups and lists after the group. */
function rows(top: Schema, group: Schema, at: string): string[] {
	const { properties = {}, required = [] } = group;
	return Object.entries(properties).flatMap(([name, reference]) => {
		const key = resolved(top, reference);
		const here = at === "" ? name : `${at}.${name}`;
		const item = key.items && resolved(top, key.items);
		const entry = typeof key.additionalProperties === "object" ? resolved(top, key.additionalProperties) : undefined;
		const example = reference.examples?.[0];
		const row = [
			code(here),
			cell(key.description ?? ""),
			key.properties === undefined ? cell(item?.enum === undefined ? allowed(key) : `a list of ${allowed(item)}`) : "keys below",
			required.includes(name) ? "required" : whenLeftOut(key),
			example === undefined || key.properties !== undefined ? "" : code(JSON.stringify(example)),
		];
		return [
			`| ${row.join(" | ")} |`,
			...rows(top, key, here),
			...(item === undefined ? [] : rows(top, item, `${here}[]`)),
			...(entry === undefined ? [] : rows(top, entry, `${here}.<name>`)),
		];
	});
}

function whenLeftOut(key: Schema): string {
	if (key["x-default"] !== undefined) return cell(key["x-default"]);
	if (key.default === undefined) return "none";
	return key.properties === undefined ? code(JSON.stringify(key.default)) : "defaults of its keys";
}

/** The text of the reference. */
export function documentReference(): string {
	const parts = [
		"# Documents: reference",
		"Generated from `schemas/` by `tools/generate-document-reference.ts`. [formats.md](../formats.md) says what holds for all documents.",
	];
	for (const kind of kinds) {
		const schema = schemaOf(kind);
		const head = ["| key | meaning | allowed | when left out | example |", "| --- | --- | --- | --- | --- |"];
		parts.push(`## ${kind}`, schema.description ?? "", [...head, ...rows(schema, schema, "")].join("\n"));
	}
	return `${parts.join("\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	mkdirSync(path.dirname(referencePath), { recursive: true });
	writeFileSync(referencePath, documentReference());
	console.log(path.relative(root, referencePath));
}
