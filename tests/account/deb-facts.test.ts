// SPDX-License-Identifier: Apache-2.0
// What packages say of themselves, and which of a guest's packages need which.
import { expect, test } from "vitest";
import { controlFacts, type DebFacts } from "../../components/account/deb-facts.ts";
import { accounted } from "../../components/account/debian-packages.ts";
import { lockEntry } from "./composition.ts";

test("a control file gives source, dependencies and what was linked in", () => {
	const facts = controlFacts(
		{ name: "tool", version: "2:1.0-1+b1" },
		`Package: tool
Source: tools (2:1.0-1)
Version: 2:1.0-1+b1
Pre-Depends: dpkg (>= 1.19)
Depends: libc6 (>= 2.34), default-shell | sh,
 python3:any
Built-Using: glibc (= 2.36-9+deb12u14), zlib (= 1:1.2.13)
Provides: sh-like
Homepage: https://example.org/tool
Description: does it
 and more: much
`,
	);
	expect(facts).toEqual({
		source: { name: "tools", version: "2:1.0-1" },
		builtUsing: [
			{ name: "glibc", version: "2.36-9+deb12u14" },
			{ name: "zlib", version: "1:1.2.13" },
		],
		depends: [["dpkg"], ["libc6"], ["default-shell", "sh"], ["python3"]],
		provides: ["sh-like"],
		homepage: "https://example.org/tool",
		summary: "does it",
	});
});

test("a package without a source field is its own source", () => {
	expect(controlFacts({ name: "x", version: "1" }, "Package: x\n")).toMatchObject({ source: { name: "x", version: "1" } });
});

const nothing: DebFacts = { source: { name: "x", version: "1" }, builtUsing: [], depends: [], provides: [] };

test("dependencies are those that are there, by alternatives and by what others provide", () => {
	const facts = new Map<string, DebFacts>([
		["tool", { ...nothing, depends: [["absent", "dash"], ["mail"], ["gone"]] }],
		["dash", nothing],
		["exim", { ...nothing, provides: ["mail"] }],
	]);
	expect(accounted(lockEntry("tool", "1"), false, facts).dependsOn).toEqual(["dash", "exim"]);
});

test("a package may have another's copyright file, and a circle of such ends", () => {
	const facts = new Map<string, DebFacts>([
		["libx", { ...nothing, copyright: { of: "x-base" } }],
		["x-base", { ...nothing, copyright: { text: "Free." } }],
		["a", { ...nothing, copyright: { of: "b" } }],
		["b", { ...nothing, copyright: { of: "a" } }],
	]);
	expect(accounted(lockEntry("libx", "1"), false, facts).licenceTexts).toEqual(["Free."]);
	expect(accounted(lockEntry("a", "1"), false, facts)).toMatchObject({
		licences: [{ name: "not stated in the package" }],
		licenceTexts: [],
	});
});

test("package URLs escape what others would misread", () => {
	const facts = new Map<string, DebFacts>([["busybox-static", nothing]]);
	expect(accounted(lockEntry("busybox-static", "1:1.35.0-4+deb12u1"), false, facts).purl).toBe(
		"pkg:deb/debian/busybox-static@1:1.35.0-4%2Bdeb12u1?arch=arm64&distro=bookworm",
	);
});
