// SPDX-License-Identifier: Apache-2.0
// Veil alone, with nobody in front of it who checks: it runs what one of its keys has signed, and refuses whatever differs from that by one byte
// outside of itself. PERSONA_FLIPS and PERSONA_FLIP_SEED make it another run.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { veilImageHeader } from "../../components/image/abi.ts";
import { buildHypervisor, hypervisorInputs, loadLock, openStore, trusting } from "../../components/image/index.ts";
import type { ImageSigning } from "../../components/image/sign-image.ts";
import { readRawImage } from "../../components/image/verify.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { composeDev } from "../../tools/compose-dev.ts";
import { builtGuests } from "../guests/built.ts";
import { type Flip, flipPlan, flips, withFlip } from "../signing/flips.ts";
import { testKey } from "../signing/support.ts";
import { bootVeil, diskWithVersion } from "./boot-veil.ts";

const [release, next, other] = [testKey("release"), testKey("next"), testKey("other")];
let folder: string;
/** Version 3, by `release`, for a Veil that trusts `release` and `next`. */
let image: string;
let memoryMiB: number;
let veil: { keyed: string; plain: string };

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "persona-verified-"));
	const projectDir = packageRoot();
	const { document: board } = await boardByName("qemu-virt");
	const context = { store: await openStore(), lock: await loadLock(projectDir), progress: silent, projectDir };
	const inputs = await hypervisorInputs(board);
	const keys = [release, next].map(({ publicKey }) => publicKey.hex);
	const [keyed, plain] = [await buildHypervisor(trusting(inputs, keys), context), await buildHypervisor(inputs, context)];
	veil = { keyed: keyed.path, plain: plain.path };
	image = await composed("release-3", veil.keyed, { key: release.publicKey, sign: release.sign, version: 3 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function composed(name: string, binary: string, signing?: ImageSigning): Promise<string> {
	const path = join(folder, `${name}.img`);
	const persona = { name: "work", kernel: join(builtGuests("tests/guests"), "wfi_idle.img"), memoryMiB: 16, display: true };
	const { ramSize } = await composeDev(path, binary, [persona], signing === undefined ? {} : { signing });
	memoryMiB = ramSize / 2 ** 20;
	return path;
}

const signed = (name: string, key: typeof release, version: number) =>
	composed(name, veil.keyed, { key: key.publicKey, sign: key.sign, version });
const boot = (path: string, kept = 0) => bootVeil(path, { disk: diskWithVersion(join(folder, "disk.img"), kept), memoryMiB });
const refused = (words: RegExp) => ({ refused: expect.stringMatching(words) });

test("an image of either of its keys runs, of the version that was accepted and of higher ones", async () => {
	expect(await boot(image)).toBe("runs");
	expect(await boot(image, 3)).toBe("runs");
	expect(await boot(image, 2)).toBe("runs");
	expect(await boot(await signed("next-3", next, 3))).toBe("runs");
});

test("an older one does not", async () => {
	expect(await boot(image, 4)).toEqual(refused(/older than the accepted version/));
});

test("an image of another key does not, nor one that only claims to be of a known one, nor one that nobody has signed", async () => {
	expect(await boot(await signed("other-3", other, 3))).toEqual(refused(/not signed with a key of this handset/));
	const forged = await composed("forged", veil.keyed, { key: release.publicKey, sign: other.sign, version: 3 });
	expect(await boot(forged)).toEqual(refused(/wrong signature/));
	expect(await boot(await composed("unsigned", veil.keyed))).toEqual(refused(/not signed with a key of this handset/));
});

test("a Veil for development takes no signed image", async () => {
	const path = await composed("plain-signed", veil.plain, { key: release.publicKey, sign: release.sign, version: 3 });
	expect(await boot(path)).toEqual(refused(/./));
	expect(await boot(await composed("plain", veil.plain))).toBe("runs");
});

test("without a place for its version it does not start", async () => {
	expect(await bootVeil(image, { memoryMiB })).toEqual(refused(/no place/));
});

test("one byte that is another, anywhere outside of Veil itself, and it is refused", { timeout: 3_600_000 }, async () => {
	const header = veilImageHeader.read(readFileSync(image));
	const veilItself = Number(header.veilSize);
	const { count, seed } = flipPlan(30);
	const random = flips(Number(header.imageSize), count, seed);
	const tried = [...(await edges(image)), ...random.filter(({ at }) => at >= veilItself)];
	const path = join(folder, "flipped.img");
	copyFileSync(image, path);
	const accepted: number[] = [];
	const reasons = new Map<string, number>();
	for (const flip of tried) {
		const verdict = await withFlip(path, flip, () => boot(path));
		if (verdict === "runs") accepted.push(flip.at);
		else {
			const reason = verdict.refused.replace(/ ?0x[0-9a-f]+$/, "");
			reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
		}
	}
	const inside = random.filter(({ at }) => at < veilItself).length;
	console.log(`${tried.length} flips outside of Veil itself, ${inside} more within (seed ${seed}):`, Object.fromEntries(reasons));
	expect(accepted).toEqual([]);
	// It is the flips that were refused.
	expect(await boot(path)).toBe("runs");
});

/** The first and last byte of whatever has a place of its own: manifest, policy, payloads, and the rooms between them. */
async function edges(path: string): Promise<Flip[]> {
	const file = await open(path);
	try {
		const { header, manifest, tables, size } = await readRawImage(file);
		const at = Number(header.manifestOffset);
		const ends = [at, at + manifest.policyOffset, at + Number(header.manifestSize)];
		for (const { offset, size: length } of tables.payloads) ends.push(Number(offset), Number(offset + length));
		const places = [...new Set([...ends, ...ends.map((end) => end - 1), size - 1])];
		return places.filter((place) => place >= at && place < size).map((place) => ({ at: place, mask: 1 }));
	} finally {
		await file.close();
	}
}
