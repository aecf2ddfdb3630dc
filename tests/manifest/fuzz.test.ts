// SPDX-License-Identifier: Apache-2.0
// Damaged documents: whatever is done to the project's own, reading them ends, never throws, and every problem has a place in its
// file. PERSONA_FUZZ_RUNS=1000000 makes it a long run.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderProblems } from "../../components/manifest/index.ts";
import { checkFiles } from "../../components/policy/index.ts";
import { folderWith } from "./documents.ts";

const root = path.resolve(import.meta.dirname, "../..");
const numRuns = Number(process.env.PERSONA_FUZZ_RUNS ?? 100);
const names = [
	"personas/work.yaml",
	"personas/policy.yaml",
	"personas/rules.yaml",
	"stacks/dev.phone.yaml",
	"boards/qemu-virt/board.yaml",
];
const texts = Object.fromEntries(
	[...names, "personas/personal.yaml"].map((name) => [name, readFileSync(path.join(root, name), "utf8")]),
);

type Edit = { at: number; remove: number; insert: string };
const edit: fc.Arbitrary<Edit> = fc.record({
	at: fc.nat({ max: 10_000 }),
	remove: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
	insert: fc.oneof(
		fc.string({ maxLength: 5, unit: "binary" }),
		fc.constantFrom(
			"",
			"\n",
			" ",
			"- ",
			": ",
			"[",
			"]",
			"{",
			"}",
			'"',
			"'",
			"#",
			"&a ",
			"*a",
			"!t ",
			"|\n",
			"null",
			"-1",
			"1e999",
			"0x",
			"~",
			"*",
			"__proto__: 1\n",
			"personas",
			"name",
			"\t",
		),
	),
});

function damaged(text: string, edits: readonly Edit[]): string {
	return edits.reduce((current, { at, remove, insert }) => {
		const start = current.length === 0 ? 0 : at % current.length;
		return current.slice(0, start) + insert + current.slice(start + remove);
	}, text);
}

describe("a damaged document", () => {
	it.each(names)(
		"%s is read to its end, with problems in their places",
		async (name) => {
			const folder = folderWith({ ...texts, "personas/work/x": "", "personas/personal/x": "" });
			await fc.assert(
				fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
					const text = damaged(texts[name]!, edits);
					writeFileSync(path.join(folder, name), text);
					const { problems } = await checkFiles([path.join(folder, "stacks/dev.phone.yaml"), path.join(folder, name)]);
					const written = readFileSync(path.join(folder, name), "utf8").split("\n");
					for (const problem of problems.filter(({ file }) => file === path.join(folder, name))) {
						expect(problem.line).toBeGreaterThanOrEqual(1);
						expect(problem.line).toBeLessThanOrEqual(written.length);
						expect(problem.column).toBeGreaterThanOrEqual(1);
						expect(problem.column).toBeLessThanOrEqual((written[problem.line - 1]?.length ?? 0) + 1);
					}
					// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
					expect(renderProblems(problems, folder)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
				}),
				{ numRuns, examples: [[[{ at: texts[name]!.indexOf("personal") + 1, remove: 0, insert: "\t" }]]] },
			);
		},
		30_000 + 200 * numRuns,
	);
});
