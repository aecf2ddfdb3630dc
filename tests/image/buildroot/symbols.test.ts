// SPDX-License-Identifier: Apache-2.0
// Symbols that Buildroot drops without a word are noticed, and the message says which line asks for them and why they went.
import { describe, expect, test } from "vitest";
import { lostError, lostLines, readSymbols, reserved, symbolsOf } from "../../../components/image/buildroot/symbols.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { fakeBuildroot, VERSION } from "./fake-buildroot.ts";

describe("lost lines", () => {
	const configuration = ["BR2_A=y", "# BR2_B is not set", 'BR2_C="x"', "BR2_LONG=y"].join("\n");

	test("are those that are not in the configuration", () => {
		expect(lostLines(["BR2_A=y", "BR2_B=y", 'BR2_C="y"', "BR2_D=y", "BR2_LON=y"], configuration)).toEqual([
			"BR2_B=y",
			'BR2_C="y"',
			"BR2_D=y",
			"BR2_LON=y",
		]);
	});

	test("are not those that switch off what is not there anyway", () => {
		expect(lostLines(["# BR2_B is not set", "# BR2_D is not set", "# BR2_LON is not set"], configuration)).toEqual([]);
		expect(lostLines(["# BR2_A is not set"], configuration)).toEqual(["# BR2_A is not set"]);
	});
});

test("symbols are read with what they depend on", () => {
	const symbols = new Map<string, string[]>();
	readSymbols(
		`if BR2_OUTER
config BR2_A
	bool "a"
	depends on BR2_X || BR2_Y # a reason
	depends on !BR2_STATIC_LIBS
	help
	  depends on nothing.

comment "needs something"
	depends on BR2_Z
endif
menuconfig BR2_B
	bool
`,
		symbols,
	);
	expect(Object.fromEntries(symbols)).toEqual({ BR2_A: ["BR2_OUTER", "BR2_X || BR2_Y", "!BR2_STATIC_LIBS"], BR2_B: [] });
});

test("a message names the place, the symbol and the reason, all of them at once", async () => {
	const symbols = await symbolsOf(fakeBuildroot(temporaryFolder()));
	const places = { "BR2_PACKAGE_DROPBAER=y": "work.yaml:7:14", "BR2_PACKAGE_NANO=y": "work.yaml:8:14" };
	const error = lostError([...Object.keys(places), "# BR2_PACKAGE_DROPBEAR is not set"], places, symbols, VERSION);
	expect(error.render()).toBe(
		`work.yaml:7:14: Buildroot 2099.02 has no BR2_PACKAGE_DROPBAER; did you mean "BR2_PACKAGE_DROPBEAR"?
work.yaml:8:14: Buildroot 2099.02 does not take BR2_PACKAGE_NANO=y: it depends on BR2_PACKAGE_BUSYBOX_SHOW_OTHERS and BR2_USE_WCHAR
builder buildroot: Buildroot 2099.02 does not take # BR2_PACKAGE_DROPBEAR is not set: it depends on BR2_USE_MMU
  correct guest.packages and guest.config of the persona; \`make menuconfig\` of Buildroot shows what there is`,
	);
});

test("the kernel is not a root filesystem's to configure, and our options for it are ours", () => {
	const asked = ['BR2_LINUX_KERNEL_DEFCONFIG="x"', "# CONFIG_NET is not set", "CONFIG_WIREGUARD=y"];
	expect(reserved(["CONFIG_NET=y"], asked)).toEqual(asked.slice(0, 2));
});

test("what is the builder's to set is not the document's", () => {
	expect(reserved(["BR2_REPRODUCIBLE=y"], ["# BR2_REPRODUCIBLE is not set", 'BR2_DL_DIR="/x"', "BR2_PACKAGE_NANO=y"])).toEqual([
		"# BR2_REPRODUCIBLE is not set",
		'BR2_DL_DIR="/x"',
	]);
});
