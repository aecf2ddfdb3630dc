// SPDX-License-Identifier: Apache-2.0
// A signed image is built again with the signatures it has: they fit nothing else.
import { join } from "node:path";
import { expect, test } from "vitest";
import { givesImage, notComposed } from "../../components/account/rebuild.ts";
import { compose } from "../../components/image/compose.ts";
import { OtherImageError, signaturesOf } from "../../components/image/index.ts";
import { sha256, sha256File } from "../../components/util/digest.ts";
import { composeSpec, smallPersona } from "../image/support.ts";
import { testKey } from "../signing/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const { publicKey, sign } = testKey("release");

async function signed(by: typeof sign, changes: Parameters<typeof smallPersona>[1] = {}): Promise<string> {
	const path = join(temporaryFolder(), "device.img");
	await compose(composeSpec([smallPersona("work", changes)], { signing: { key: publicKey, version: 3, sign: by } }), path);
	return path;
}

test("the same image comes out of the signatures it has, and no other", async () => {
	const first = await signed(sign);
	const again = await signaturesOf(first);
	expect(await sha256File(await signed(again))).toBe(await sha256File(first));
	await expect(signed(again, { cpuShare: 99 })).rejects.toBeInstanceOf(OtherImageError);
});

test("whoever holds the private key signs what the image's signatures do not fit", async () => {
	const both = await signaturesOf(await signed(sign), sign);
	expect(await sha256File(await signed(both, { cpuShare: 99 }))).toBe(await sha256File(await signed(sign, { cpuShare: 99 })));
	const refused = await signaturesOf(await signed(sign), async () => {
		throw new Error("a fault of the signer's own");
	});
	await expect(signed(refused, { cpuShare: 99 })).rejects.toThrow("a fault of the signer's own");
});

test("an image is given only when it came out both times", () => {
	const report = (first: string, second: string) => ({
		same: first === second,
		conditions: { locale: "C", timeZone: "UTC", umask: "077", jobs: 1, clockDays: null },
		artifacts: [
			{ name: "veil", first: sha256("v"), second: sha256("v") },
			{ name: "device image", first, second },
		],
	});
	expect(givesImage(report("a", "a"), "a")).toBe(true);
	expect(givesImage(report("a", "b"), "a")).toBe(false);
	expect(givesImage(report("b", "b"), "a")).toBe(false);
	expect(givesImage({ ...report("a", "a"), artifacts: [] }, "a")).toBe(false);
});

test("a device image that came out neither time is a difference", () => {
	const veil = { name: "veil", digest: sha256("v"), path: "/v" };
	expect(notComposed([veil], [veil])).toEqual([
		{
			name: "device image",
			first: null,
			second: null,
			difference: { offset: null, explanation: [expect.stringMatching(/not the image that was signed/)] },
		},
	]);
	expect(notComposed([veil, { ...veil, name: "device image" }], [veil])).toEqual([]);
});
