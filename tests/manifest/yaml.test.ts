// SPDX-License-Identifier: Apache-2.0
// The YAML reader: places are exact, what could surprise is refused, and no text takes it long.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { maxDocumentBytes, readYaml } from "../../components/manifest/yaml.ts";

const faults = (text: string) => readYaml(text).faults.map(({ place, message }) => `${place.line}:${place.column}: ${message}`);

describe("places", () => {
	it("are those of the key and of the value, in every style", () => {
		const { positions } = readYaml('a:\n  - { b: 1, "c": [x, yy] }\n  -\n    d: |\n      text\n');
		expect(positions.key(["a"])).toEqual({ line: 1, column: 1 });
		expect(positions.value(["a"])).toEqual({ line: 2, column: 3 });
		expect(positions.value(["a", 0])).toEqual({ line: 2, column: 5 });
		expect(positions.key(["a", 0, "b"])).toEqual({ line: 2, column: 7 });
		expect(positions.value(["a", 0, "b"])).toEqual({ line: 2, column: 10 });
		expect(positions.key(["a", 0, "c"])).toEqual({ line: 2, column: 13 });
		expect(positions.value(["a", 0, "c", 1])).toEqual({ line: 2, column: 22 });
		expect(positions.value(["a", 1, "d"])).toEqual({ line: 4, column: 8 });
	});

	it("of what is not written are those of the nearest key that is", () => {
		const { positions } = readYaml("name: x\nguest:\n  os: linux\n");
		expect(positions.value(["guest", "kernel", "path"])).toEqual({ line: 2, column: 1 });
		expect(positions.key(["resources", "cpus"])).toEqual({ line: 1, column: 1 });
		expect(positions.value([])).toEqual({ line: 1, column: 1 });
	});

	it("count lines the same with Windows line ends and a byte order mark", () => {
		const { positions, faults: none } = readYaml("\ufeffname: x\r\nguest:\r\n  os: linux\r\n");
		expect(none).toEqual([]);
		expect(positions.value(["guest", "os"])).toEqual({ line: 3, column: 7 });
	});

	it("are right behind a line that the parser does not count", () => {
		expect(faults("*a: 1\nb: c\nd: [x,- y]\n").map((fault) => fault.split(" ")[0])).toContain("3:7:");
	});
});

describe("strictness", () => {
	it("reads YAML 1.2: yes is text, 0x is a number", () => {
		expect(readYaml("a: yes\nb: 0x10\nc: 010\nd: ~\n").value).toEqual({ a: "yes", b: 16, c: 10, d: null });
	});

	it.each([
		["a: 1\nb: 2\na: 3\n", ['3:1: key "a" is written twice; each key may be written once']],
		["{a: 1, a: 2}", ['1:8: key "a" is written twice; each key may be written once']],
		[
			"a: &x 1\nb: *x\n",
			[
				'1:7: anchor "&x" is not allowed; write values out where they are used',
				'2:4: alias "*x" is not allowed; write the value out, or write the document in TypeScript',
			],
		],
		["a: !!str 1\n", ['1:10: tag "tag:yaml.org,2002:str" is not allowed; allowed: plain values']],
		["a: !secret x\n", ['1:12: tag "!secret" is not allowed; allowed: plain values']],
		["%YAML 1.1\n---\na: yes\n", ["1:1: YAML 1.1 is not supported; allowed: YAML 1.2"]],
		["a: 1\n---\nb: 2\n", ["2:1: a second document starts here; allowed: one document a file"]],
		["1: x\n", ["1:1: a key that is not text; allowed: keys of letters, or in quotes"]],
		["? [a]\n: x\n", ["1:3: a key that is not text; allowed: keys of letters, or in quotes"]],
		["a:\n\tb: 1\n", ["2:1: a tab is used as indentation; allowed: spaces"]],
		["", ["1:1: the document is empty"]],
		["# nothing\n", ["1:1: the document is empty"]],
		["a: { colour: #c0392b }\nb: 1\n", ["1:14: a value that starts with # is a comment; put it in quotes"]],
	])("%j", (text, expected) => {
		expect(faults(text)).toEqual(expected);
	});

	it("does not let a key named __proto__ change anything", () => {
		const { value } = readYaml("__proto__: { polluted: true }\nconstructor: 1\n");
		expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
		expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
	});

	it("reads back whatever can be written", () => {
		const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
		const { tree } = fc.letrec((tie) => ({
			tree: fc.oneof(
				{ depthSize: "small" },
				leaf,
				fc.array(tie("tree"), { maxLength: 4 }),
				fc.dictionary(fc.string(), tie("tree"), { maxKeys: 4 }),
			),
		}));
		fc.assert(
			fc.property(fc.dictionary(fc.string(), tree, { minKeys: 1, maxKeys: 5 }), (data) => {
				const text = stringify(data, { aliasDuplicateObjects: false });
				expect(JSON.stringify(readYaml(text).value)).toBe(JSON.stringify(data));
			}),
		);
	});
});

describe("hostile text", () => {
	const size = maxDocumentBytes;
	const repeat = (part: string) => part.repeat(Math.floor(size / part.length));
	const many = (line: (i: number) => string) =>
		Array.from({ length: size / 8 }, (_, i) => line(i))
			.join("")
			.slice(0, size);
	const texts: Record<string, string> = {
		"open lists": repeat("["),
		"open maps": repeat("{"),
		"open maps with keys": repeat("{a: "),
		"block lists": repeat("- "),
		"explicit keys": repeat("? "),
		"deep indentation": Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
		"many keys": many((i) => `k${i}: 1\n`),
		"the same key": repeat("a: 1\n"),
		"a billion laughs": `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from("bcdefghij", (key, i) => `${key}: &${key} [${`*${"abcdefghij"[i]},`.repeat(9)}]\n`).join("")}`,
		"many aliases": `a: &a [x]\nb: [${repeat("*a,").slice(0, -30)}]`,
		anchors: repeat("&a "),
		tags: repeat("!a "),
		quotes: repeat('"'),
		commas: `[${repeat(",").slice(1)}`,
		colons: repeat(": "),
		comments: repeat("#\n"),
		"empty lines": repeat("\n"),
		documents: repeat("---\n"),
		directives: repeat("%YAML 1.2\n"),
		"control characters": repeat("\u0001"),
	};

	it.each(Object.entries(texts))("%s ends in time", (_, text) => {
		const before = performance.now();
		const { faults: found } = readYaml(text);
		// The slowest takes 1 s on an idle machine; what this catches takes minutes.
		expect(performance.now() - before).toBeLessThan(15_000);
		expect(found.every(({ message }) => message.length < 500)).toBe(true);
	});

	it("of any kind never throws", () => {
		const piece = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.constantFrom(
				"a: ",
				"- ",
				"[",
				"]",
				"{",
				"}",
				"\n",
				"  ",
				"&a ",
				"*a",
				"!t ",
				"|",
				">",
				"'",
				'"',
				"#",
				"?",
				"---",
				"%",
				"\t",
				"<<: ",
			),
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void readYaml(pieces.join(""))),
			{ numRuns: 2000 },
		);
	});
});
