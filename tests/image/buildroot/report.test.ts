// SPDX-License-Identifier: Apache-2.0
// What Buildroot says is understood: steps as they begin, and where it stopped.
import { describe, expect, test } from "vitest";
import { isCompiled, stepOf, stepText, stopOf } from "../../../components/image/buildroot/report.ts";

describe("steps", () => {
	test.each([
		[">>> busybox 1.38.0 Building", "busybox 1.38.0: building"],
		[">>> skeleton  Installing to target", "skeleton: installing to target"],
		[">>>   Finalizing target directory", "finalizing target directory"],
		["\u001b[7m>>> host-tar custom Configuring\u001b[27m", "host-tar custom: configuring"],
	])("%s", (line, text) => {
		const step = stepOf(line);
		expect(step === undefined ? undefined : stepText(step)).toBe(text);
	});

	test("are not seen in other lines", () => {
		for (const line of ["  CC      shell/ash.o", ">>>", "x >>> busybox 1 Building"]) expect(stepOf(line)).toBeUndefined();
	});
});

test("files that a kernel is compiled from are told from all else", () => {
	expect(["  CC      init/main.o", "  AS      arch/arm/lib/bitops.o", "  LD      vmlinux", "CC x.o"].map(isCompiled)).toEqual([
		true,
		true,
		false,
		false,
	]);
});

describe("where a build stopped", () => {
	test("is the first step that failed, with what was said before it", () => {
		expect(
			stopOf([
				">>> toolchain-external-custom  Configuring",
				">>> busybox 1.38.0 Building",
				"RPC support not available in C library, please disable BR2_TOOLCHAIN_EXTERNAL_INET_RPC",
				"make: *** [package/pkg-generic.mk:263: /o/build/toolchain-external-custom/.stamp_configured] Error 1",
				"make: *** Waiting for unfinished jobs....",
				"  CC      coreutils/cat.o",
				"make: *** [package/pkg-generic.mk:283: /o/build/busybox-1.38.0/.stamp_built] Error 2",
			]),
		).toEqual({
			package: "toolchain-external-custom",
			step: "configured",
			tail: [
				">>> toolchain-external-custom  Configuring",
				">>> busybox 1.38.0 Building",
				"RPC support not available in C library, please disable BR2_TOOLCHAIN_EXTERNAL_INET_RPC",
			],
		});
	});

	test("is a package without its version", () => {
		const stop = stopOf([
			">>> util-linux 2.41 Building",
			"make[1]: *** [Makefile:7: all] Error 1",
			"make: *** [package/pkg-generic.mk:283: /o/build/util-linux-2.41/.stamp_built] Error 2",
		]);
		expect(stop).toMatchObject({ package: "util-linux", step: "built" });
	});

	test("may be Buildroot's own step", () => {
		expect(stopOf(["a", "make: *** [Makefile:776: target-finalize] Error 1"])).toEqual({ step: "target-finalize", tail: ["a"] });
	});

	test("is unknown where nothing tells", () => {
		expect(stopOf(["make: *** [Makefile:1: defconfig] Error 1"])).toBeUndefined();
		expect(stopOf([])).toBeUndefined();
	});
});
