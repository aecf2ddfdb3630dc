// SPDX-License-Identifier: Apache-2.0
// The generated formats are those of the header, byte for byte.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as abi from "../../components/image/abi.ts";
import type { Codec } from "../../components/image/codec.ts";
import { generateAbi } from "../../tools/generate-abi.ts";

const header = new URL("../../hypervisor/include/veil/abi.h", import.meta.url);

const codecs = Object.values(abi).filter(
	(value): value is Codec<never> => typeof value === "object" && value !== null && "fields" in value,
);

test("abi.ts is what abi.h says now", () => {
	const committed = readFileSync(new URL("../../components/image/abi.ts", import.meta.url), "utf8");
	expect(generateAbi(readFileSync(header, "utf8"))).toBe(committed);
});

test("the cross compiler agrees on every size, offset and constant", () => {
	const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
	const constants = Object.entries(abi).filter(([name]) => /^VEIL_/.test(name));
	const claims = [
		...codecs.map(({ name, size }) => `sizeof(struct ${name}) == ${size}`),
		...codecs.flatMap(({ name, fields }) => fields.map(([field, , at]) => `offsetof(struct ${name}, ${snake(field)}) == ${at}`)),
		...constants.map(([name, value]) => `${name} == ${String(value)}ull`),
	];
	expect(codecs.length).toBeGreaterThan(10);
	expect(constants.length).toBeGreaterThan(50);
	const program = [
		"#include <stddef.h>",
		`#include "${fileURLToPath(header)}"`,
		...claims.map((claim) => `_Static_assert(${claim}, "${claim}");`),
	];
	// It throws when the compiler refuses one.
	execFileSync("aarch64-linux-gnu-gcc", ["-std=c11", "-ffreestanding", "-fsyntax-only", "-x", "c", "-"], {
		input: program.join("\n"),
		stdio: ["pipe", "ignore", "inherit"],
	});
});

test("whatever is written is read back", () => {
	const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
	const payload = fc.record({ offset: word, size: word, sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }) });
	fc.assert(
		fc.property(payload, (value) => {
			expect(abi.veilPayload.read(abi.veilPayload.encode(value))).toEqual(value);
		}),
	);
});

test("values that do not fit are refused, not cut", () => {
	const region = { base: 0n, size: 1n, owner: 1, reserved: 0 };
	expect(() => abi.veilRegion.encode({ ...region, owner: 2 ** 32 })).toThrow(RangeError);
	expect(() => abi.veilRegion.encode({ ...region, base: -1n })).toThrow(RangeError);
	expect(() => abi.veilRegion.read(new Uint8Array(abi.veilRegion.size - 1))).toThrow(RangeError);
});

test.each([
	["a field without its width", "struct x {\n\tint value;\n};\n"],
	["padding inside a structure", "struct x {\n\tuint8_t small;\n\tuint32_t large;\n};\n"],
	["padding at the end of one", "struct x {\n\tuint64_t large;\n\tuint8_t small;\n};\n"],
	["an enumerator without a value", "enum x {\n\tVEIL_A,\n};\n"],
	["a macro that is no integer", "#define VEIL_X (1 << 3)\n"],
])("the generator refuses %s", (_, text) => {
	expect(() => generateAbi(text)).toThrow();
});
