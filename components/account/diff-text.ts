// SPDX-License-Identifier: Apache-2.0
// A comparison of two images for people: as text, or in Markdown for a review.

import { printableName } from "../util/printable.ts";
import type { FieldChange } from "./field-changes.ts";
import type { FileChange } from "./file-changes.ts";
import type { ImageDiff, PersonaChange } from "./image-diff.ts";
import type { PackageChange } from "./package-changes.ts";
import { markdownText } from "./report-table.ts";

/** No list of files is longer in a text; JSON has all of them. */
const MOST_FILES = 200;

interface Format {
	heading(text: string): string[];
	item(text: string): string;
}

const FORMATS: Readonly<Record<"text" | "markdown", Format>> = {
	text: { heading: (text) => ["", printableName(text)], item: (text) => `  ${printableName(text)}` },
	// A sign at the beginning would be taken for a list in the list.
	markdown: {
		heading: (text) => ["", `### ${markdownText(text)}`, ""],
		item: (text) => `- ${markdownText(text).replace(/^[+~-](?= )/, "`$&`")}`,
	},
};

/** The comparison in words, the weightiest first. */
export function renderDiff(diff: ImageDiff, format: "text" | "markdown"): string {
	const { heading, item } = FORMATS[format];
	const isMarkdown = format === "markdown";
	const section = (title: string, items: readonly string[]) => (items.length === 0 ? [] : [...heading(title), ...items.map(item)]);
	const side = ({ name, digest }: ImageDiff["old"]) =>
		isMarkdown ? `${markdownText(name)} \`${digest}\`` : printableName(`${name}  ${digest}`);
	const lines = isMarkdown
		? ["## What changes in the image", "", `from ${side(diff.old)}`, `to ${side(diff.new)}`]
		: [`from ${side(diff.old)}`, `to   ${side(diff.new)}`];
	if (diff.same) return `${[...lines, "", "The images are the same, byte for byte."].join("\n")}\n`;
	const unknown = [diff.old, diff.new].filter(({ isKnown }) => !isKnown).map(({ name }) => name);
	if (unknown.length > 0)
		lines.push("", item(`What ${unknown.join(" and ")} was composed from is not known here: nothing can be said of packages.`));
	const { veil, policy, phone, personas, parts } = diff;
	lines.push(
		...section("Veil", veil === null ? [] : [`another: ${veil.old} → ${veil.new}`, ...veil.build.map(fieldText)]),
		...section("Policy", policy.map(fieldText)),
		...section("Phone", phone.map(fieldText)),
		...section("Personas", [...personas.removed.map((name) => `- ${name}`), ...personas.added.map((name) => `+ ${name}`)]),
		...personas.changed.flatMap((persona) => section(`Persona ${persona.name}`, personaItems(persona))),
	);
	if (isEmpty(diff)) lines.push("", item("Only where things lie in memory differs, or what is signed."));
	lines.push(...section("Parts of the file that differ", parts));
	return `${lines.join("\n")}\n`;
}

function isEmpty({ veil, policy, phone, personas: { added, removed, changed } }: ImageDiff): boolean {
	return veil === null && policy.length + phone.length + added.length + removed.length + changed.length === 0;
}

function personaItems({ settings, packages, files, otherPayloads, deviceTree }: PersonaChange): string[] {
	const listed = (files ?? []).slice(0, MOST_FILES).map(fileText);
	const more = (files?.length ?? 0) - listed.length;
	return [
		...settings.map(fieldText),
		...(packages ?? []).map(packageText),
		...(otherPayloads ? ["~ kernel, or what else is loaded and cannot be read into"] : []),
		...(deviceTree ? ["~ device tree"] : []),
		...listed,
		// A kernel alone has no files; where all of it is the same there is nothing to compare either.
		...(files === null && otherPayloads ? ["files: not compared, for one has no initial filesystem that can be read"] : []),
		...(more > 0 ? [`and ${more} more files; --json has all`] : []),
	];
}

function fieldText({ field, old, new: now }: FieldChange): string {
	if (old === undefined) return `+ ${field}: ${valueText(now)}`;
	return now === undefined ? `- ${field}: ${valueText(old)}` : `~ ${field}: ${valueText(old)} → ${valueText(now)}`;
}

function valueText(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}

function packageText({ name, change, old, new: now }: PackageChange): string {
	if (change === "added") return `+ package ${name} ${now}`;
	if (change === "removed") return `- package ${name} ${old}`;
	return change === "rebuilt"
		? `~ package ${name} ${now}: other bytes of the same version`
		: `~ package ${name} ${change}: ${old} → ${now}`;
}

function fileText({ path, change, what = [] }: FileChange): string {
	const mark = { added: "+", removed: "-", changed: "~" }[change];
	return `${mark} /${path}${what.length === 0 || what.join() === "contents" ? "" : ` (${what.join(", ")})`}`;
}
