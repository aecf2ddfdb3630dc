// SPDX-License-Identifier: Apache-2.0
// A signed image: the policy is signed, then the manifest with it; the same key makes the same bytes, and explain says whose they are.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
	VEIL_PAGE_SIZE,
	VEIL_POLICY_BYTES,
	VEIL_WORK_STORAGE,
	veilImageHeader,
	veilManifest,
	veilPolicy,
} from "../../components/image/abi.ts";
import { compose } from "../../components/image/compose.ts";
import { readDeviceImage, renderExplained } from "../../components/image/explain.ts";
import { INTEGRATOR_CP } from "../../components/image/guest-machine.ts";
import { workMemory } from "../../components/image/layout.ts";
import type { ImageSigning } from "../../components/image/sign-image.ts";
import { verifyImage } from "../../components/image/verify.ts";
import { isSignedBy } from "../../components/signing/index.ts";
import { testKey } from "../signing/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { composeSpec, smallPersona } from "./support.ts";

const release = testKey("release");
const other = testKey("other");

async function composed(signing?: ImageSigning, path = join(temporaryFolder(), "device.img")): Promise<string> {
	const personas = [smallPersona("work", { display: true }), smallPersona("personal")];
	await compose(composeSpec(personas, signing === undefined ? {} : { signing }), path);
	return path;
}

const signedBy = ({ publicKey, sign }: typeof release, version = 3) => composed({ key: publicKey, sign, version });

function parts(path: string) {
	const bytes = readFileSync(path);
	const header = veilImageHeader.read(bytes);
	const at = Number(header.manifestOffset);
	const manifestBytes = bytes.subarray(at, at + Number(header.manifestSize));
	const manifest = veilManifest.read(manifestBytes);
	const section = manifestBytes.subarray(manifest.policyOffset, manifest.policyOffset + VEIL_POLICY_BYTES);
	return { bytes, at, manifestBytes, manifest, section, policy: veilPolicy.read(section) };
}

/** The 47 bytes as the interface has them, made by other means than the product's. */
function message(context: string, content: Uint8Array, signatureAt: number): Buffer {
	const blank = Buffer.from(content);
	blank.fill(0, signatureAt, signatureAt + 64);
	return Buffer.concat([Buffer.from(context.padEnd(15, "\0")), createHash("sha256").update(blank).digest()]);
}

describe("a signed image", () => {
	test("has a signature over the manifest and one over the policy, by the key and version that both name", async () => {
		const { manifest, manifestBytes, policy, section } = parts(await signedBy(release));

		for (const { keyId, versionCounter, signatureKind } of [manifest, policy]) {
			expect(Buffer.from(keyId).toString("hex")).toBe(release.publicKey.fingerprint.slice("ed25519:".length));
			expect([versionCounter, signatureKind]).toEqual([3n, 1]);
		}
		const whole = message("veil-manifest-1", manifestBytes, veilManifest.offsetOf("signature"));
		expect(isSignedBy(release.publicKey, whole, manifest.signature)).toBe(true);
		const rules = message("veil-policy-1", section.subarray(0, policy.size), veilPolicy.offsetOf("signature"));
		expect(isSignedBy(release.publicKey, rules, policy.signature)).toBe(true);
		expect([whole.length, rules.length]).toEqual([47, 47]);
	});

	test("has the same bytes whenever it is composed, and no mark on its strips", async () => {
		const [one, two] = [await signedBy(release), await signedBy(release)];
		expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
		const strip = async (path: string) => (await readDeviceImage(path)).payloads.find(({ size }) => size === 102_400)?.sha256;
		expect(await strip(one)).not.toBe(await strip(await composed()));
	});

	test("has no problem for who trusts its key, and one for everybody else", async () => {
		const path = await signedBy(release);
		expect(await verifyImage(path)).toEqual([]);
		expect(await verifyImage(path, { keys: [other.publicKey, release.publicKey] })).toEqual([]);
		expect(await verifyImage(path, { keys: [other.publicKey] })).toEqual(["the image is signed by a key that is not trusted"]);
		expect(await verifyImage(path, { keys: [] })).toEqual(["the image is signed by a key that is not trusted"]);
		expect(await verifyImage(await composed(), { keys: [release.publicKey] })).toEqual(["the image is not signed"]);
	});

	test("whose manifest or policy is not what was signed is seen, though its digests are right", async () => {
		const path = await signedBy(release);
		const { bytes, at, manifest } = parts(path);
		const changed = (offset: number, value: number) => {
			const copy = Buffer.from(bytes);
			copy.writeUInt8(value, at + offset);
			writeFileSync(path, copy);
			return verifyImage(path, { keys: [release.publicKey] });
		};
		// A hotkey that nobody declared, a newer version, a signature of something else.
		expect(await changed(veilManifest.offsetOf("flags"), 1)).toEqual(["the manifest is not what its signature says"]);
		expect(await changed(veilManifest.offsetOf("versionCounter"), 4)).toContain(
			"manifest and policy have no version, or different ones",
		);
		expect(await changed(veilManifest.offsetOf("signature"), (manifest.signature[0] ?? 0) ^ 1)).toEqual([
			"the manifest is not what its signature says",
		]);
		expect(await changed(veilManifest.offsetOf("signatureKind"), 2)).toEqual(["unknown kind of signature 2"]);
		const policyProblems = await changed(manifest.policyOffset + veilPolicy.offsetOf("signature"), 0x55);
		expect(policyProblems).toEqual(["the manifest is not what its signature says", "the policy is not what its signature says"]);
		expect(await changed(manifest.policyOffset + veilPolicy.offsetOf("versionCounter"), 2)).toContain(
			"manifest and policy have no version, or different ones",
		);
	});

	test("with room for the disk that Veil keeps its version on, but for boards with a flash of their own", () => {
		const persona = { memoryBytes: 16 << 20, cpus: 1, display: false, hasNetwork: false };
		const room = Math.ceil(VEIL_WORK_STORAGE / VEIL_PAGE_SIZE) * VEIL_PAGE_SIZE;
		expect(workMemory([persona], undefined, undefined, true) - workMemory([persona])).toBeLessThanOrEqual(room);
		expect(workMemory([persona], undefined, undefined, true)).toBe(workMemory([{ ...persona, volumes: 1 }]));
		expect(workMemory([persona], undefined, INTEGRATOR_CP, true)).toBe(workMemory([persona], undefined, INTEGRATOR_CP));
	});

	test("is shown by explain with key and version, and whether that was checked", async () => {
		const path = await signedBy(release);
		const unchecked = await readDeviceImage(path, [other.publicKey]);
		const checked = await readDeviceImage(path, [other.publicKey, release.publicKey]);

		expect(checked).toMatchObject({
			signature: release.publicKey.fingerprint,
			signed: { version: 3, isChecked: true },
			problems: [],
		});
		expect(unchecked.signed).toEqual({ version: 3, isChecked: false });
		expect(renderExplained(checked)).toContain(`signed, version 3\n`);
		expect(renderExplained(checked)).toContain(`  signed by ${release.publicKey.fingerprint}\n`);
		expect(renderExplained(unchecked)).toContain("not checked: its public key is not at hand");
		expect(await readDeviceImage(await composed(), [release.publicKey])).toMatchObject({
			signature: "development",
			signed: null,
			problems: [],
		});
	});
});

test("a signer that fails leaves no image that says it is signed", async () => {
	const path = join(temporaryFolder(), "device.img");
	const sign = () => Promise.reject(new Error("the token is locked"));
	await expect(composed({ key: release.publicKey, version: 1, sign }, path)).rejects.toThrow(/the token is locked/);
	expect(await verifyImage(path).catch(() => ["no image"])).not.toEqual([]);
});

test("an image that nobody signed has no part of a signature", async () => {
	const path = await composed();
	const { bytes, at } = parts(path);
	bytes.writeUInt8(1, at + veilManifest.offsetOf("keyId"));
	writeFileSync(path, bytes);
	expect(await verifyImage(path)).toEqual(["the manifest is not signed, but has parts of a signature"]);
});
