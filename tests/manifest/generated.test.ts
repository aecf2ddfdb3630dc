// SPDX-License-Identifier: Apache-2.0
// What is generated from schemas and boards is current, and the schemas say what their readers need.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { boardByName } from "../../components/manifest/index.ts";
import { kinds, resolved, type Schema, schemaOf, validatorOf } from "../../components/manifest/schema.ts";
import { boardHeader, headerBoards, headerPath } from "../../tools/generate-board-header.ts";
import { documentReference, referencePath } from "../../tools/generate-document-reference.ts";
import { generateTypes, typesPath } from "../../tools/generate-types.ts";

interface Key {
	readonly at: string;
	readonly key: Schema;
	readonly optional: boolean;
}

/** Every key of a schema, with its path. */
function keys(root: Schema, schema: Schema, at: string): Key[] {
	const { properties = {}, required = [], items, additionalProperties } = resolved(root, schema);
	return [
		...Object.entries(properties).flatMap(([name, key]) => [
			{ at: `${at}.${name}`, key, optional: !required.includes(name) },
			...keys(root, key, `${at}.${name}`),
		]),
		...(items === undefined ? [] : keys(root, items, `${at}[]`)),
		...(typeof additionalProperties === "object" ? keys(root, additionalProperties, `${at}.*`) : []),
	];
}

describe("generated files", () => {
	it("types.ts is what the schemas say", async () => {
		expect(await generateTypes()).toBe(readFileSync(typesPath, "utf8"));
	});

	it("the reference of documents is what the schemas say", () => {
		expect(documentReference()).toBe(readFileSync(referencePath, "utf8"));
	});

	it.each(headerBoards)("the header of board %s is what its document says", async (name) => {
		const { document } = await boardByName(name);
		expect(boardHeader(document)).toBe(readFileSync(headerPath(name), "utf8"));
	});
});

describe.each(kinds)("schema of %s", (kind) => {
	const root = schemaOf(kind);
	const all = keys(root, root, kind);

	it("is valid JSON Schema draft-07", () => {
		expect(root).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#" });
		expect(new Ajv({ strict: false }).validateSchema(root)).toBe(true);
	});

	it("describes every key in a sentence", () => {
		expect(all.filter(({ key }) => !/^\S.*[.]$/.test(resolved(root, key).description ?? "")).map(({ at }) => at)).toEqual([]);
	});

	it("states what happens when an optional key is left out", () => {
		// A file the user brings has no default, nor has what a board does not have.
		const none = /^Board\.[^.]+(\.[^.]+)?$|^Persona\.guest\.(kernel|firmware|initramfs|deviceTree)/;
		const silent = all.filter(({ key, optional }) => optional && key.default === undefined && key["x-default"] === undefined);
		expect(silent.map(({ at }) => at).filter((at) => !none.test(at))).toEqual([]);
	});

	it("has an example for every key, and its examples and defaults are allowed", () => {
		for (const { at, key } of all) {
			const group = resolved(root, key).properties !== undefined && key.$ref === undefined;
			if (!group) expect(key.examples, at).toBeDefined();
			const { $ref, ...rest } = key;
			const validate = new Ajv({ strict: false, formats: { cidr: true } }).compile({
				...rest,
				...resolved(root, key),
				definitions: root.definitions,
			});
			for (const example of [...(key.examples ?? []), ...(key.default === undefined ? [] : [key.default])]) {
				expect(validate(example), `${at}: ${JSON.stringify(example)} ${JSON.stringify(validate.errors)}`).toBe(true);
			}
		}
	});

	it("says in words what each pattern means", () => {
		expect(all.filter(({ key }) => "pattern" in key && key["x-allowed"] === undefined).map(({ at }) => at)).toEqual([]);
	});

	it("compiles in strict mode", () => {
		expect(validatorOf(kind)).toBeTypeOf("function");
	});
});

it("the board header compiles as C and as assembly input", () => {
	const text = readFileSync(headerPath("qemu-virt"), "utf8");
	expect(path.basename(headerPath("qemu-virt"))).toBe("board_qemu_virt.h");
	expect(text).toContain("#define BOARD_UART_IRQ 33\n");
	for (const line of text.split("\n").filter((one) => one.startsWith("#define BOARD_"))) {
		expect(line).toMatch(/^#define BOARD_[A-Z0-9_]+ ("[a-z-]+"|0x[0-9a-f]{8}|[0-9]+)$/);
	}
});
