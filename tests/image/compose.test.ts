// SPDX-License-Identifier: Apache-2.0
// A composed image is right, always the same, and the verifier sees whatever is changed in it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
	VEIL_DEVICE_FLASH,
	VEIL_PAGE_SIZE,
	type VeilManifest,
	type VeilPersona,
	type VeilRegion,
	type VeilSegment,
	type VeilSurface,
	veilImageHeader,
	veilManifest,
	veilPersona,
	veilRegion,
	veilSegment,
	veilSurface,
} from "../../components/image/abi.ts";
import { compose } from "../../components/image/compose.ts";
import { readDeviceImage, renderExplained } from "../../components/image/explain.ts";
import { kernelFormat } from "../../components/image/kernel.ts";
import { payloadOf } from "../../components/image/payload.ts";
import { verifyImage } from "../../components/image/verify.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { composeSpec, kernelImage, smallPersona } from "./support.ts";

async function composed(...personas: ReturnType<typeof smallPersona>[]): Promise<string> {
	const path = join(temporaryFolder(), "device.img");
	await compose(composeSpec(personas), path);
	return path;
}

test("an image of two personas has no problem, and holds their common kernel once", async () => {
	const path = await composed(smallPersona("work"), smallPersona("personal"));

	const image = await readDeviceImage(path);

	expect(image.problems).toEqual([]);
	expect(image.personas.map(({ name }) => name)).toEqual(["work", "personal"]);
	expect(image.payloads[0]?.usedBy).toEqual(["work", "personal"]);
	expect(image.payloads.map(({ usedBy }) => usedBy.length)).toEqual([2, 1, 2, 1]);
});

test("with one display among the personas each has a picture, and its own strip", async () => {
	const path = await composed(smallPersona("work", { display: true }), smallPersona("personal"));

	const image = await readDeviceImage(path);

	expect(image.problems).toEqual([]);
	expect(image.personas.map(({ surface }) => surface)).toMatchObject([
		{ width: 800, height: 480, stripRows: 32, guestBase: "0x41000000" },
		{ width: 800, height: 480, stripRows: 32, guestBase: null },
	]);
	const strips = image.payloads.filter(({ size }) => size === 102_400);
	expect(strips.map(({ usedBy }) => usedBy)).toEqual([["work"], ["personal"]]);
	const text = renderExplained(image);
	expect(text).toContain("it draws below, from guest 0x41000000");
	expect(text).toContain("no display, black below");
});

test("firmware is in flash of the persona, its device tree at the start of RAM", async () => {
	const firmware = kernelImage(100_000, 100_000);
	const path = await composed(
		smallPersona("uefi", { kernel: { ...payloadOf(firmware), format: "firmware" }, display: true }),
		smallPersona("work"),
	);
	const bytes = readFileSync(path);
	const header = veilImageHeader.read(bytes);
	const manifest = veilManifest.read(bytes, Number(header.manifestOffset));
	const persona = veilPersona.read(bytes, Number(header.manifestOffset) + manifest.personas.offset);

	expect((await readDeviceImage(path)).problems).toEqual([]);
	expect(persona).toMatchObject({ entry: 0n, x0: 0x40000000n, flashCodePages: 2, flashVariablePages: 12 });
	expect(persona.devices & VEIL_DEVICE_FLASH).toBe(VEIL_DEVICE_FLASH);
});

test("a display on a board without a screen is refused", async () => {
	const { display: _, ...spec } = composeSpec([smallPersona("work", { display: true })]);
	await expect(compose(spec, join(temporaryFolder(), "device.img"))).rejects.toThrow(/the board has no screen/);
});

test("the same declaration gives the same bytes", async () => {
	const [one, two] = [await composed(smallPersona("work")), await composed(smallPersona("work"))];
	expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
});

test("a guest's own device tree is taken as it is, and its seeds are found in it", async () => {
	const given = await composed(smallPersona("work"));
	const bytes = readFileSync(given);
	const at = bytes.indexOf(Buffer.from("d00dfeed", "hex"));
	const tree = Uint8Array.from(bytes.subarray(at, at + bytes.readUInt32BE(at + 4)));

	const path = await composed(smallPersona("work", { deviceTree: payloadOf(tree) }));

	expect(readFileSync(path).equals(bytes)).toBe(true);
});

test("seeds lie where the device tree has zeros for them", async () => {
	const path = await composed(smallPersona("work"));
	const bytes = readFileSync(path);
	const header = veilImageHeader.read(bytes);
	const manifest = veilManifest.read(bytes, Number(header.manifestOffset));
	const persona = veilPersona.read(bytes, Number(header.manifestOffset) + manifest.personas.offset);
	const tree = bytes.indexOf(Buffer.from("d00dfeed", "hex"));
	const place = (address: bigint) => tree + Number(address - persona.x0);

	expect(persona.rngSeedAddress).not.toBe(0n);
	expect(bytes.subarray(place(persona.rngSeedAddress), place(persona.rngSeedAddress) + 32)).toEqual(Buffer.alloc(32));
	// The property's length and name stand right before its value.
	expect(bytes.readUInt32BE(place(persona.rngSeedAddress) - 8)).toBe(32);
	expect(bytes.readUInt32BE(place(persona.kaslrSeedAddress) - 8)).toBe(8);
});

test("too many personas and what does not fit are the user's to put right", async () => {
	const nine = Array.from({ length: 9 }, (_, index) => smallPersona(`p${index}`));
	await expect(composed(...nine)).rejects.toThrow(/at most 8 personas, this one has 9/);
	const large = kernelImage(100_000, 64 << 20);
	const persona = smallPersona("work", { kernel: { ...payloadOf(large), ...kernelFormat(large) } });
	await expect(composed(persona)).rejects.toThrow(/persona work: .* resources.memoryMiB is 16/);
});

test("an abort ends composing", async () => {
	const path = join(temporaryFolder(), "device.img");
	await expect(compose(composeSpec([smallPersona("work")]), path, AbortSignal.abort())).rejects.toThrow(/abort/i);
});

test("explain shows owners, and nothing that a terminal would obey", async () => {
	const image = await readDeviceImage(await composed(smallPersona("work")));

	const text = renderExplained({ ...image, personas: image.personas.map((persona) => ({ ...persona, label: "\u001b[2Jx" })) });

	expect(text).toContain("0x40000000 – 0x40200000        2 MiB  free");
	expect(text).toMatch(/16 MiB {2}work/);
	expect(text).toContain("signature: development");
	expect(text).toContain("No problem found.");
	expect(text).not.toContain("\u001b");
});

test("a file that is no image is refused with its path", async () => {
	const path = join(temporaryFolder(), "x");
	writeFileSync(path, "nothing of the kind".repeat(20));
	await expect(readDeviceImage(path)).rejects.toMatchObject({ name: "UserError", where: path });
	await expect(readDeviceImage(`${path}.missing`)).rejects.toMatchObject({ name: "UserError" });
});

describe("the verifier", () => {
	let bytes: Buffer;
	let manifestAt: number;
	let manifest: VeilManifest;

	beforeAll(async () => {
		const path = join(temporaryFolder(), "device.img");
		const personas = ["work", "personal"].map((name) => smallPersona(name, { display: true }));
		await compose(composeSpec(personas), path);
		bytes = readFileSync(path);
		const header = veilImageHeader.read(bytes);
		manifestAt = Number(header.manifestOffset);
		manifest = veilManifest.read(bytes, manifestAt);
	});

	async function problemsOf(change: (bytes: Buffer) => void): Promise<string[]> {
		const changed = Buffer.from(bytes);
		change(changed);
		const path = join(temporaryFolder(), "changed.img");
		writeFileSync(path, changed);
		return verifyImage(path);
	}

	function changeRegion(index: number, change: (region: VeilRegion) => Partial<VeilRegion>) {
		return (target: Buffer) => {
			const at = manifestAt + manifest.regions.offset + index * veilRegion.size;
			const region = veilRegion.read(target, at);
			veilRegion.write({ ...region, ...change(region) }, target, at);
		};
	}

	function changePersona(index: number, change: (persona: VeilPersona) => Partial<VeilPersona>) {
		return (target: Buffer) => {
			const at = manifestAt + manifest.personas.offset + index * veilPersona.size;
			const persona = veilPersona.read(target, at);
			veilPersona.write({ ...persona, ...change(persona) }, target, at);
		};
	}

	function changeSegment(index: number, change: (segment: VeilSegment) => Partial<VeilSegment>) {
		return (target: Buffer) => {
			const at = manifestAt + manifest.segments.offset + index * veilSegment.size;
			const segment = veilSegment.read(target, at);
			veilSegment.write({ ...segment, ...change(segment) }, target, at);
		};
	}

	function surfaceOf(target: Buffer, index: number): VeilSurface {
		return veilSurface.read(target, manifestAt + manifest.surfaces.offset + index * veilSurface.size);
	}

	function changeSurface(index: number, change: (surface: VeilSurface) => Partial<VeilSurface>) {
		return (target: Buffer) => {
			const surface = surfaceOf(target, index);
			const at = manifestAt + manifest.surfaces.offset + index * veilSurface.size;
			veilSurface.write({ ...surface, ...change(surface) }, target, at);
		};
	}

	function moved(pages: number) {
		return ({ hostBase }: VeilSurface) => ({ hostBase: hostBase + BigInt(pages * VEIL_PAGE_SIZE) });
	}

	test("accepts what was not changed", async () => {
		expect(await problemsOf(() => {})).toEqual([]);
	});

	test("sees any changed byte outside the manifest", async () => {
		const outside = fc
			.integer({ min: 0, max: bytes.length - 1 })
			.filter((at) => at < manifestAt || at >= manifestAt + Number(manifest.size));
		await fc.assert(
			fc.asyncProperty(outside, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
				const problems = await problemsOf((target) => {
					target[at] = target[at]! ^ flip;
				});
				expect(problems).not.toEqual([]);
			}),
			{ numRuns: 60 },
		);
	});

	test("sees a hotkey that is not as long as it says", async () => {
		for (const change of [{ hotkeyCount: 1 }, { hotkeyCount: 5 }, { hotkey: [0, 116] }]) {
			const problems = await problemsOf((target) => veilManifest.write({ ...manifest, ...change }, target, manifestAt));
			expect(problems).toEqual(["the hotkey is not as long as it says"]);
		}
	});

	test("sees a file that was cut", async () => {
		const path = join(temporaryFolder(), "cut.img");
		writeFileSync(path, bytes.subarray(0, bytes.length - VEIL_PAGE_SIZE));
		expect(await verifyImage(path)).not.toEqual([]);
		writeFileSync(path, bytes.subarray(0, 50));
		expect(await verifyImage(path)).not.toEqual([]);
	});

	test.each<[string, RegExp, (target: Buffer) => void]>([
		[
			"a persona on its neighbour's RAM",
			/persona work reaches into/,
			changePersona(0, ({ ramSize }) => ({ ramSize: ramSize * 2n })),
		],
		["a persona on Veil's memory", /persona personal reaches into/, changePersona(1, () => ({ ramHostBase: 0x40200000n }))],
		["a persona outside RAM", /lies outside RAM/, changePersona(1, () => ({ ramHostBase: 0x80000000n }))],
		["overlapping regions", /overlaps the region before/, changeRegion(2, ({ base }) => ({ base: base - BigInt(VEIL_PAGE_SIZE) }))],
		["a gap between regions", /leaves a gap/, changeRegion(2, ({ base }) => ({ base: base + BigInt(VEIL_PAGE_SIZE) }))],
		["Veil's memory given to a persona", /work memory overlaps the image/, changeRegion(1, () => ({ owner: 0 }))],
		["the payloads given to a persona", /payload 0 reaches into/, changeRegion(2, () => ({ owner: 1 }))],
		["an owner that is not there", /unknown owner 7/, changeRegion(4, () => ({ owner: 7 }))],
		[
			"a segment above RAM",
			/lies outside RAM and flash/,
			changeSegment(2, ({ guestAddress }) => ({ guestAddress: guestAddress + (1n << 30n) })),
		],
		["a segment below RAM", /lies outside RAM and flash/, changeSegment(0, () => ({ guestAddress: 0n }))],
		["overlapping segments", /overlaps the one before/, changeSegment(1, () => ({ guestAddress: 0x40201000n }))],
		["a segment longer than its payload", /longer than its payload/, changeSegment(2, ({ size }) => ({ size: size + 1n }))],
		["a payload that is not there", /payload 9 is not there/, changeSegment(0, () => ({ payload: 9 }))],
		["a persona that is not there", /segment of persona 5/, changeSegment(5, () => ({ persona: 5 }))],
		["an entry into nothing", /nothing is loaded at its entry/, changePersona(0, () => ({ entry: 0x40000000n }))],
		["seeds outside what is loaded", /rng-seed lies outside/, changePersona(0, () => ({ rngSeedAddress: 0x40000000n }))],
		["two personas of one name", /empty or taken/, changePersona(1, () => ({ name: Buffer.from("work") }))],
		["a CPU the board has not", /CPU affinity 2/, changePersona(0, () => ({ cpuAffinity: 2 }))],
		["no CPU share", /CPU share 0/, changePersona(0, () => ({ cpuShare: 0 }))],
		["a strip on the guest's pages", /personal: its strip reaches into/, changeSurface(1, moved(-1))],
		["a strip on another's picture", /personal lies on other memory/, changeSurface(1, () => surfaceOf(bytes, 0))],
		["a strip on Veil's work memory", /lies on other memory/, changeSurface(0, () => ({ hostBase: manifest.workBase + 28672n }))],
		["a body that is Veil's", /its body reaches into/, changeSurface(0, () => ({ bodyGuestBase: 0n }))],
		["a body elsewhere in the guest", /at the end of its RAM/, changeSurface(0, () => ({ bodyGuestBase: 0x40000000n }))],
		["a body reaching over its end", /reaches into/, changeSurface(0, ({ bodySize }) => ({ bodySize: bodySize * 2n }))],
		["a body that is too small", /its body is too small/, changeSurface(0, () => ({ bodySize: BigInt(VEIL_PAGE_SIZE) }))],
		["rows that are too long", /3204 bytes a row/, changeSurface(0, () => ({ stride: 3204 }))],
		["a strip without pixels", /no payload has its strip's/, changeSurface(0, () => ({ stripPayload: 0 }))],
		["a strip over everything", /a strip of 480 of 480 rows/, changeSurface(0, () => ({ stripRows: 480 }))],
		["another pixel format", /unknown pixel format 7/, changeSurface(0, () => ({ format: 7 }))],
	])("sees %s", async (_, message, change) => {
		expect((await problemsOf(change)).join("\n")).toMatch(message);
	});

	test("answers, and does not fail, whatever bytes a manifest has", async () => {
		const length = Number(manifest.size);
		await fc.assert(
			fc.asyncProperty(fc.nat(length - 1), fc.uint8Array({ minLength: 1, maxLength: 64 }), async (at, noise) => {
				fc.pre(noise.some((byte, index) => at + index < length && byte !== bytes[manifestAt + at + index]));
				const problems = problemsOf((target) =>
					Buffer.from(noise).copy(target, manifestAt + at, 0, Math.min(noise.length, length - at)),
				);
				// Colours and limits may change without danger, so there need not be a problem.
				await expect(problems).resolves.toBeInstanceOf(Array);
			}),
			{ numRuns: 60 },
		);
	});
});
