// SPDX-License-Identifier: Apache-2.0
// Text from guests, images and packages does nothing to a terminal.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../../components/manifest/shown.ts";
import { printable, printableLine, printableName } from "../../components/util/printable.ts";

describe("printable", () => {
	it("leaves nothing that drives a terminal, whatever a guest writes", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()), (text) => {
				expect(printable(text)).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
				expect(printableName(typeof text === "string" ? text : "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
				expect(printableLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
			}),
			{ numRuns: 500 },
		);
	});

	it("leaves nothing out of a name", () => {
		expect(printableName("a\x1b[2J\n\u202eb\u{e0061}")).toBe("a\\x1b[2J\\x0a\\u202eb\\u{e0061}");
	});

	it.each([
		["a tag", "\u{e0041}", "\\u{e0041}"],
		["a variation selector", "\ufe0f", "\\ufe0f"],
		["a variation selector of the second list", "\u{e0100}", "\\u{e0100}"],
		["a Hangul filler", "\u3164", "\\u3164"],
		["a joiner of graphemes", "\u034f", "\\u034f"],
		["an operator nobody sees", "\u2062", "\\u2062"],
		["one that Unicode has not given a meaning", "\u2065", "\\u2065"],
		["half a character", "\ud83d", "\\ud83d"],
		["a soft hyphen", "\u00ad", "\\xad"],
	])("shows %s, and so does a message about a document", (_, character, shown) => {
		expect(printableName(`work${character}`)).toBe(`work${shown}`);
		expect(printable(`work${character}`)).toBe(`work${shown}`);
		expect(plainText(`work${character}`)).toBe(`work${shown}`);
	});

	it("keeps what people read and shows what it neutralises", () => {
		expect(printable("grün 日本 🙂\tx\r\ny")).toBe("grün 日本 🙂\tx\ny");
		expect(printable("\x1b[31mred\x1b[0m")).toBe("red");
		expect(printable("a\x07b\x1b")).toBe("a\\x07b\\x1b");
		expect(printable("abc\u202edef")).toBe("abc\\u202edef");
		expect(printable(Buffer.from([0x9b, 0x33, 0x31, 0x6d]))).toBe("\ufffd31m");
	});
});
