// SPDX-License-Identifier: Apache-2.0
// What is looked at before an image is started: every byte of it, who signed it, and what the handset has accepted before.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readAccepted, writeAccepted } from "../../components/handset/accepted.ts";
import { checkImage, checkStep } from "../../components/handset/check-image.ts";
import { keepVersions, readVolumes, writeVolumes } from "../../components/handset/disk.ts";
import { readImageFacts } from "../../components/handset/image-facts.ts";
import { compose } from "../../components/image/compose.ts";
import { sha256File } from "../../components/util/digest.ts";
import { composeSpec, smallPersona } from "../image/support.ts";
import { flipPlan, flips, withFlip } from "../signing/flips.ts";
import { testKey } from "../signing/support.ts";

const [release, next, other] = [testKey("release"), testKey("next"), testKey("other")];
let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "persona-check-"));
	path = join(folder, "device.img");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function composed(version?: number, policy = {}): Promise<void> {
	const signing = version === undefined ? {} : { signing: { key: release.publicKey, version, sign: release.sign } };
	await compose(composeSpec([smallPersona("work", { display: true })], { ...signing, ...policy }), path);
}

const facts = async () => readImageFacts({ path, digest: await sha256File(path) });
const signatureOf = async () => (await facts()).signature;

describe("an image", () => {
	test("is started when a declared key has signed it, or nobody has and none is declared", async () => {
		await composed(3);
		await checkImage({ path, digest: "", trustedKeys: [next.publicKey, release.publicKey] }, await signatureOf());
		await composed();
		await checkImage({ path, digest: "" }, await signatureOf());
	});

	test("of an unknown key, or of none where one is declared, is refused by name", async () => {
		await composed(3);
		const signature = await signatureOf();
		await expect(checkImage({ path, digest: "", trustedKeys: [other.publicKey] }, signature)).rejects.toMatchObject({
			message: `the image is signed by ${release.publicKey.fingerprint}, which the phone does not declare`,
			remedy: `it declares ${other.publicKey.fingerprint}`,
		});
		await expect(checkImage({ path, digest: "" }, signature)).rejects.toThrow(/does not declare/);
		await composed();
		await expect(checkImage({ path, digest: "", trustedKeys: [release.publicKey] }, undefined)).rejects.toThrow(/is not signed/);
	});

	test("that says it is of a declared key, and is not, is refused", async () => {
		await compose(composeSpec([smallPersona("work")], { signing: { key: release.publicKey, version: 1, sign: other.sign } }), path);
		await expect(checkImage({ path, digest: "", trustedKeys: [release.publicKey] }, await signatureOf())).rejects.toMatchObject({
			message: "the image is not to be started: the manifest is not what its signature says, and 1 more",
			where: path,
		});
	});

	test("with any byte flipped is refused, its digest apart", { timeout: 600_000 }, async () => {
		await composed(3);
		const { count, seed } = flipPlan(1000);
		const signature = await signatureOf();
		const image = { path, digest: "", trustedKeys: [release.publicKey] };
		const taken: number[] = [];
		for (const flip of flips(statSync(path).size, count, seed)) {
			await withFlip(path, flip, async () => {
				const refused = await checkImage(image, signature).then(
					() => false,
					() => true,
				);
				if (!refused) taken.push(flip.at);
			});
		}
		expect(taken).toEqual([]);
		// It is the flips that were refused.
		await checkImage(image, signature);
	});

	test("that differs in policy, version and signature alone can take another's place while it runs", async () => {
		await composed(3);
		const { base, policyDigest } = await facts();
		await composed(4, { policy: { networks: {}, channels: [], ownerAccess: { off: ["work"] } } });
		const after = await facts();
		expect(after.base).toBe(base);
		expect(after.policyDigest).not.toBe(policyDigest);
		await composed();
		expect((await facts()).base).not.toBe(base);
	});
});

describe("the disk of a handset with signed images", () => {
	const partitions = () =>
		spawnSync("sfdisk", ["--dump", join(folder, "disk.img")], {
			encoding: "utf8",
			env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
		}).stdout;

	test("has a place for Veil's versions, which host tools show, and keeps it beside volumes", async () => {
		await keepVersions(folder);
		expect(partitions()).toMatch(/start= +64, size= +16, .*name="veil"/);
		const volume = { persona: "work", name: "data", sizeMiB: 1, encrypted: false, fileSystem: "none", state: "attached" } as const;
		await writeVolumes(folder, [{ ...volume, urn: "test", createdAt: "2026-01-01T00:00:00Z" }]);
		expect(partitions()).toMatch(/name="veil"[\s\S]*name="work\/data"/);
		expect(await readVolumes(folder)).toHaveLength(1);
	});
});

describe("a handset that has accepted version 3", () => {
	const accepted = { imageVersion: 3, trusted: [release.publicKey.fingerprint, next.publicKey.fingerprint] };
	const step = (key: typeof release, version: number) => () =>
		checkStep("pocket", accepted, { key: key.publicKey.fingerprint, version });

	test("goes to the same version and to higher ones, of any key that it trusts", () => {
		step(release, 3)();
		step(next, 3)();
		step(next, 4)();
		checkStep("pocket", undefined, { key: other.publicKey.fingerprint, version: 1 });
		checkStep("pocket", undefined, undefined);
	});

	test("goes to no older one, to none of another key, and to none that is not signed", () => {
		expect(step(release, 2)).toThrow("the image has version 2, and this handset has accepted version 3");
		expect(step(other, 4)).toThrow(/which the image that this handset has accepted does not trust/);
		expect(() => checkStep("pocket", accepted, undefined)).toThrow(/is not signed, and this handset has accepted version 3/);
	});

	test("remembers that in a file of its owner's, and never falls", async () => {
		expect(await readAccepted(folder)).toBeUndefined();
		await writeAccepted(folder, accepted);
		await writeAccepted(folder, { ...accepted, imageVersion: 2 });
		expect(await readAccepted(folder)).toEqual(accepted);
		expect(statSync(join(folder, "accepted.json")).mode & 0o777).toBe(0o600);
		expect(existsSync(join(folder, "nothing"))).toBe(false);
	});
});
