// SPDX-License-Identifier: Apache-2.0
// The documentation is true: references are what the code says, links lead somewhere, and commands that are shown exist.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { validatorOf } from "../../components/manifest/schema.ts";
import { packageRoot } from "../../components/util/index.ts";
import { commandReference, commandReferencePath } from "../../tools/generate-command-reference.ts";
import { resourceReference, resourceReferencePath } from "../../tools/generate-resource-reference.ts";

const pages = globSync(["*.md", "docs/**/*.md", "hypervisor/*.md"], { cwd: packageRoot() }).sort();
const read = (page: string) => readFileSync(join(packageRoot(), page), "utf8");

test("the reference of commands is what the commands say (else run `npm run generate`)", () => {
	expect(readFileSync(commandReferencePath, "utf8")).toBe(commandReference());
});

test("the reference of resources is what schema.json says (else run `npm run generate`)", () => {
	expect(readFileSync(resourceReferencePath, "utf8")).toBe(resourceReference());
});

test.each(pages)("the links of %s lead somewhere", (page) => {
	const links = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? "");
	const local = links.filter((link) => !/^[a-z]+:/.test(link));
	expect(local.filter((link) => !existsSync(resolve(packageRoot(), dirname(page), link)))).toEqual([]);
});

test.each(pages.filter((page) => !page.startsWith("docs/reference/")))("the commands shown in %s exist", (page) => {
	const known = commandReference();
	const { scripts } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
	const code = [...read(page).matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map((match) => match[0]).join("\n");
	const names = (pattern: RegExp) => [...code.matchAll(pattern)].map((match) => match[1] ?? "");
	// A command stands at the beginning of code or of a line in it, or behind `npx` or `$(`.
	expect(names(/(?:^\W*|npx |\$\()persona ([a-z]+)/gm).filter((name) => !known.includes(`\n## persona ${name}\n`))).toEqual([]);
	expect(names(/npm run ([a-z:]+)/g).filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("the index of decisions names each, by its title", () => {
	const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page)).sort();
	const lines = decisions.map((page) => `- [${read(page).split("\n")[0]?.replace(/^# /, "")}](${page.split("/").at(-1)})`);
	expect(
		read("docs/decisions/README.md")
			.split("\n")
			.filter((line) => line.startsWith("- ")),
	).toEqual(lines);
});

const documents = pages.flatMap((page) =>
	[...read(page).matchAll(/```yaml\n([\s\S]*?)```/g)]
		.map((match) => [page, match[1] ?? ""] as const)
		.filter(([, text]) => text.includes("kind:")),
);

test.each(documents)("a document shown in %s is valid", (_, text) => {
	const document = parse(text);
	const validate = validatorOf(document.kind);
	expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
});
