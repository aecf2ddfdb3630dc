// SPDX-License-Identifier: Apache-2.0
// No layout, whatever the sizes, gives one byte of memory to two owners.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	VEIL_OWNER_FREE,
	VEIL_OWNER_PAYLOADS,
	VEIL_OWNER_VEIL,
	VEIL_PAGE_SIZE,
	VEIL_WORK_SHADOW,
} from "../../components/image/abi.ts";
import { INTEGRATOR_CP, VIRT } from "../../components/image/guest-machine.ts";
import { type GuestShape, type ImageShape, layoutGuest, layoutImage, workMemory } from "../../components/image/layout.ts";
import { type PixelFormat, surfaceShape } from "../../components/image/surface.ts";
import { UserError } from "../../components/util/errors.ts";

const MIB = 1 << 20;

const imageShape: fc.Arbitrary<ImageShape> = fc.record({
	ramBase: fc.constantFrom(0x40000000, 0x80000000),
	loadAddress: fc.constant(0),
	ramLimit: fc.constant(2 ** 40),
	veilSize: fc.integer({ min: 1, max: 40 }).map((pages) => pages * VEIL_PAGE_SIZE),
	manifestSize: fc.integer({ min: 320, max: 100_000 }),
	payloadSizes: fc.array(fc.integer({ min: 1, max: 300 * MIB }), { minLength: 1, maxLength: 32 }),
	personas: fc.array(
		fc.record({
			memoryBytes: fc.integer({ min: 1, max: 65536 }).map((pages) => pages * VEIL_PAGE_SIZE),
			cpus: fc.integer({ min: 1, max: 8 }),
			display: fc.boolean(),
			flashBytes: fc.constantFrom(0, 13 * VEIL_PAGE_SIZE, 44 * VEIL_PAGE_SIZE),
			hasNetwork: fc.boolean(),
		}),
		{ minLength: 1, maxLength: 8 },
	),
});
const sizes = fc.constantFrom({ width: 800, height: 480 }, { width: 1024, height: 600 }, { width: 320, height: 240 });
const formats = fc.constantFrom<PixelFormat>("xrgb8888", "rgb565");
const screens = fc.tuple(sizes, formats, fc.boolean()).map(([size, format, hasWindows]) => ({ ...size, format, hasWindows }));
const shapes = fc.tuple(imageShape, fc.option(screens, { nil: undefined })).map(([shape, screen]) => ({
	...shape,
	loadAddress: shape.ramBase + 2 * MIB,
	...(screen === undefined ? {} : { surface: surfaceShape(screen) }),
}));

describe("a device image", () => {
	test("gives each byte of RAM one owner", () => {
		fc.assert(
			fc.property(shapes, (shape) => {
				const { regions, ramSize } = layoutImage(shape);
				let next = shape.ramBase;
				for (const { base, size } of regions) {
					expect(base).toBe(next);
					expect(size).toBeGreaterThan(0);
					expect(size % VEIL_PAGE_SIZE).toBe(0);
					next = base + size;
				}
				expect(next).toBe(shape.ramBase + ramSize);
				expect(ramSize % MIB).toBe(0);
			}),
		);
	});

	test("puts what belongs to an owner into its regions, and nothing twice", () => {
		fc.assert(
			fc.property(shapes, (shape) => {
				const layout = layoutImage(shape);
				const ownerOf = (at: number) => layout.regions.find(({ base, size }) => at >= base && at < base + size)?.owner;
				const ranges: [number, number, number][] = [
					[shape.loadAddress, shape.veilSize, VEIL_OWNER_VEIL],
					[shape.loadAddress + layout.manifestOffset, shape.manifestSize, VEIL_OWNER_VEIL],
					[layout.workBase, layout.workSize, VEIL_OWNER_VEIL],
					...shape.payloadSizes.map((size, index): [number, number, number] => [
						shape.loadAddress + layout.payloadOffsets[index]!,
						size,
						VEIL_OWNER_PAYLOADS,
					]),
					...shape.personas.map(({ memoryBytes }, index): [number, number, number] => [
						layout.personaBases[index]!,
						memoryBytes,
						index,
					]),
					...layout.surfaces.flatMap(({ hostBase, bodyGuestBase }, index): [number, number, number][] => {
						const { stripRoom, stripSize, bodySize } = shape.surface!;
						const body = hostBase + stripSize;
						return [
							[body - stripRoom, stripRoom, VEIL_OWNER_VEIL],
							[body, bodySize, bodyGuestBase === undefined ? VEIL_OWNER_VEIL : index],
						];
					}),
				];
				for (const [base, size, owner] of ranges) {
					expect(base % VEIL_PAGE_SIZE).toBe(0);
					expect(ownerOf(base)).toBe(owner);
					expect(ownerOf(base + size - 1)).toBe(owner);
				}
				const sorted = [...ranges].sort(([a], [b]) => a - b);
				sorted.reduce((end, [base, size]) => {
					expect(base).toBeGreaterThanOrEqual(end);
					return base + size;
				}, shape.ramBase);
			}),
		);
	});

	test("has a picture for each persona on a phone with a screen, which the guest finds at the end of its RAM", () => {
		fc.assert(
			fc.property(shapes, (shape) => {
				const { surfaces, viewBase } = layoutImage(shape);
				expect(surfaces).toHaveLength(shape.surface === undefined ? 0 : shape.personas.length);
				expect(viewBase !== undefined).toBe(surfaces.length > 1 && shape.surface?.hasWindows === false);
				for (const [index, { hostBase, bodyGuestBase }] of surfaces.entries()) {
					const { memoryBytes, display } = shape.personas[index]!;
					expect(hostBase % 4096).toBe(0);
					expect(bodyGuestBase).toBe(display ? VIRT.ramBase + memoryBytes : undefined);
				}
			}),
		);
	});

	test("reserves work memory for the tables that reach the end of each picture", () => {
		const surface = surfaceShape({ width: 800, height: 480, format: "xrgb8888" });
		const persona = { memoryBytes: 512 * MIB, cpus: 1, display: false, hasNetwork: false };
		const without = workMemory([persona], surface);
		expect(workMemory([{ ...persona, display: true }], surface)).toBe(without + VEIL_PAGE_SIZE);
		expect(workMemory([{ ...persona, display: true }])).toBe(without);
	});

	test("leaves the boot loader its room below the image", () => {
		const [first] = layoutImage({ ...fc.sample(shapes, 1)[0]!, ramBase: 0x40000000, loadAddress: 0x40200000 }).regions;
		expect(first).toEqual({ base: 0x40000000, size: 2 * MIB, owner: VEIL_OWNER_FREE });
	});

	test("that needs more than the board has is refused with what takes how much", () => {
		const persona = { memoryBytes: 38 * MIB, cpus: 1, display: true, hasNetwork: false };
		const shape = {
			...{ ramBase: 0x80000000, loadAddress: 0x80010000, ramLimit: 128 * MIB, machine: INTEGRATOR_CP },
			...{ veilSize: 4 * VEIL_PAGE_SIZE, manifestSize: 4096, payloadSizes: [4.25 * MIB, 1.75 * MIB, 1.75 * MIB, 1.75 * MIB] },
			personas: [persona, persona, persona],
			surface: surfaceShape({ width: 800, height: 480, format: "rgb565", hasWindows: true }),
		};
		expect(() => layoutImage(shape)).toThrow(
			expect.objectContaining({
				message:
					"the personas need 129 MiB of RAM, the board has 128 MiB: 114 MiB for the personas' own memory, 2.4 MiB for their pictures, " +
					"9.5 MiB for kernels and initial filesystems, which are kept for restarts, 3.1 MiB for Veil",
				remedy: "lower resources.memoryMiB, by 1 MiB in all",
			}),
		);
	});
});

const guestShape: fc.Arbitrary<GuestShape> = fc.record(
	{
		memoryBytes: fc.integer({ min: 1, max: 2048 }).map((mib) => mib * MIB),
		kernel: fc.oneof(
			fc.record({
				format: fc.constant("image" as const),
				size: fc.integer({ min: 64, max: 64 * MIB }),
				textOffset: fc.constantFrom(0, 0x80000),
				imageSize: fc.integer({ min: 0, max: 128 * MIB }),
			}),
			fc.record({
				format: fc.constant("program" as const),
				size: fc.integer({ min: 64, max: 64 * MIB }),
				offset: fc.constantFrom(0, 0x8000, 0x10000, 0x100000),
				entry: fc.integer({ min: 0, max: 16 }).map((word) => word * 4),
				imageSize: fc.integer({ min: 0, max: 128 * MIB }),
			}),
			fc.record({ format: fc.constant("flat" as const), size: fc.integer({ min: 4, max: 32 * MIB }) }),
		),
		initramfs: fc.integer({ min: 1, max: 256 * MIB }),
	},
	{ requiredKeys: ["memoryBytes", "kernel"] },
);

describe("a guest", () => {
	test("finds its kernel with .bss, initramfs and device tree apart and inside its RAM, or is refused", () => {
		let placed = 0;
		fc.assert(
			fc.property(guestShape, fc.constantFrom(VIRT, INTEGRATOR_CP), (guest, machine) => {
				let layout: ReturnType<typeof layoutGuest>;
				try {
					layout = layoutGuest(guest, 65536, "work", machine);
				} catch (error) {
					expect(error).toBeInstanceOf(UserError);
					return;
				}
				placed++;
				const kernelSize = Math.max(guest.kernel.size, "imageSize" in guest.kernel ? guest.kernel.imageSize : 0);
				const ranges = [
					[layout.kernel, kernelSize],
					...(layout.initramfs === undefined ? [] : [[layout.initramfs, guest.initramfs!]]),
					[layout.deviceTree, 65536],
				] as [number, number][];
				let end = machine.ramBase;
				for (const [base, size] of ranges) {
					expect(base).toBeGreaterThanOrEqual(end);
					end = base + size;
				}
				expect(end).toBeLessThanOrEqual(machine.ramBase + guest.memoryBytes);
				expect(layout.entry - layout.kernel).toBe(guest.kernel.format === "program" ? guest.kernel.entry : 0);
				expect(layout.deviceTree % VEIL_PAGE_SIZE).toBe(0);
			}),
			{ numRuns: 500 },
		);
		expect(placed).toBeGreaterThan(100);
	});

	test("whose kernel runs in user mode takes memory for shadow tables", () => {
		const persona = { memoryBytes: 32 * MIB, cpus: 1, display: false, hasNetwork: false };
		const [plain, shadowed] = [VIRT, INTEGRATOR_CP].map((machine) => workMemory([persona, persona], undefined, machine));
		expect((shadowed ?? 0) - (plain ?? 0)).toBeGreaterThanOrEqual(2 * VEIL_WORK_SHADOW - VEIL_PAGE_SIZE);
	});

	test("that does not fit is told how much it needs", () => {
		const guest = {
			memoryBytes: 32 * MIB,
			kernel: { format: "image" as const, size: 40 * MIB, textOffset: 0, imageSize: 48 * MIB },
		};
		expect(() => layoutGuest(guest, 65536, "work")).toThrow(/persona work: .* need 51 MiB .* resources.memoryMiB is 32/);
	});

	test("of ARMv6 starts where the boot protocol of its Linux says", () => {
		const kernel = { format: "program" as const, size: 4 * MIB, offset: 0x8000, entry: 0, imageSize: 5 * MIB };
		const layout = layoutGuest({ memoryBytes: 32 * MIB, kernel, initramfs: MIB }, 65536, "work", INTEGRATOR_CP);
		expect(layout).toEqual({ kernel: 0x8000, entry: 0x8000, initramfs: 0x510000, deviceTree: 0x610000 });
	});

	test("with a flat binary keeps the first half of its RAM for the binary's .bss", () => {
		const layout = layoutGuest({ memoryBytes: 64 * MIB, kernel: { format: "flat", size: 4096 } }, 65536, "probe");
		expect(layout.entry).toBe(0x40080000);
		expect(layout.deviceTree).toBe(VIRT.ramBase + 32 * MIB);
	});
});
