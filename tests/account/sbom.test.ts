// SPDX-License-Identifier: Apache-2.0
// Bills of materials: valid by CycloneDX's own schema, complete, and the same each time.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, test } from "vitest";
import { collectLicences, provenanceOf, renderSbom, renderSbomTables } from "../../components/account/index.ts";
import { sha256 } from "../../components/util/digest.ts";
import { accountedPackage, composition, guestOf } from "./composition.ts";

const packages = new Map([
	[
		"work",
		[
			accountedPackage("linux", { isKernel: true, licences: [{ id: "GPL-2.0-only" }, { name: "CRYPTOGAMS" }] }),
			accountedPackage("shell", { dependsOn: ["libc", "linux-libc"], licences: [{ expression: "MIT AND ISC" }] }),
			accountedPackage("libc", {
				homepage: "https://example.org",
				contains: [{ name: "gcc", version: "12", purl: "pkg:deb/debian/gcc@12" }],
			}),
		],
	],
	["probe", []],
]);

interface Shown {
	"bom-ref": string;
	name: string;
	hashes?: { alg: string; content: string }[];
	components?: Shown[];
}
const sbom = (text: string) =>
	JSON.parse(text) as { serialNumber: string; components: Shown[]; dependencies: { ref: string; dependsOn?: string[] }[] };

test("it is valid by CycloneDX's own schema, strictly", async () => {
	const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
	const text = renderSbom(composition(), packages);
	expect(await validator.validate(text)).toBeNull();
	expect(await validator.validate(text.replace('"firmware"', '"firmwear"'))).not.toBeNull();
});

test("it has everything in the image, each with its digest", () => {
	const { components, dependencies } = sbom(renderSbom(composition(), packages));
	expect(components.map(({ name }) => name).sort()).toEqual(["probe", "veil", "work"]);
	expect(components.find(({ name }) => name === "veil")?.hashes).toEqual([
		{ alg: "SHA-256", content: sha256("veil.bin").slice(7) },
	]);
	const work = components.find(({ name }) => name === "work")?.components ?? [];
	expect(work.map(({ name }) => name).sort()).toEqual([
		"etc/motd",
		"initramfs",
		"kernel",
		"libc",
		"linux",
		"persona-agent",
		"shell",
	]);
	for (const part of work.filter(({ name }) => name !== "persona-agent")) expect(part.hashes, part.name).toHaveLength(1);
	const ref = (name: string) => work.find((part) => part.name === name)?.["bom-ref"];
	const needs = (name: string | undefined) => dependencies.find((one) => one.ref === name)?.dependsOn ?? [];
	expect(needs("image").sort()).toEqual(["persona:probe", "persona:work", "veil"]);
	expect(needs("persona:work").sort()).toEqual(["persona:work/initramfs", "persona:work/kernel"]);
	expect(needs("persona:work/kernel")).toEqual([ref("linux")]);
	expect(needs("persona:work/initramfs")).toEqual(
		expect.arrayContaining([ref("shell"), ref("libc"), ref("persona-agent"), ref("etc/motd")]),
	);
	// What is not in the image is no dependency, though the package names it.
	expect(needs(ref("shell"))).toEqual([ref("libc")]);
});

test("it is the same each time, and its serial number follows from its content", () => {
	const text = renderSbom(composition(), packages);
	expect(renderSbom(composition(), packages)).toBe(text);
	const other = renderSbom(composition({ digest: sha256("another image") }), packages);
	expect(sbom(other).serialNumber).not.toBe(sbom(text).serialNumber);
	expect(text).not.toMatch(/timestamp/);
});

test("of a guest whose inputs nobody remembers it says what is known, and is valid", async () => {
	const known = composition();
	const { inputs: _, record: __, ...rest } = known.guests.work ?? { key: "", digest: "" };
	const forgotten = composition({ guests: { ...known.guests, work: rest } });
	const text = renderSbom(forgotten, new Map());
	expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
	expect(renderSbomTables(forgotten, new Map(), "text")).toMatch(/what it was built from is not known/);
});

test("its tables can be read, and hostile names do nothing to a terminal or to Markdown", () => {
	const hostile = new Map([["work", [accountedPackage("a|b\x1b[2J\u202e\x07", { licences: [{ name: "<b>*x*" }] })]]]);
	expect(renderSbomTables(composition(), hostile, "text")).toMatch(/^ {2}a\|b\\x1b\[2J\\u202e\\x07 {2}1\.0-1 {4}<b>\*x\*$/m);
	expect(renderSbomTables(composition(), hostile, "markdown")).toContain(
		"| a\\|b\\\\x1b\\[2J\\\\u202e\\\\x07 | 1.0-1 | \\<b\\>\\*x\\* |",
	);
	expect(renderSbomTables(composition(), hostile, "text")).toContain("no packages: it was brought as it is");
});

test("licence texts are collected with those they refer to, and what brings none is named", async () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-licences-"));
	try {
		const report = await collectLicences(
			[
				accountedPackage("shell", { licenceTexts: ["See /usr/share/common-licenses/GPL-2 and /usr/share/common-licenses/None-1"] }),
				accountedPackage("../../evil", { version: "1:2" }),
				accountedPackage("silent", { licenceTexts: [] }),
			],
			folder,
		);
		expect(report).toEqual({
			files: [
				"common-licenses/GPL-2",
				"packages/__.._evil_1_2/copyright",
				"packages/shell_1.0-1/copyright",
				"pulumi-persona/LICENSE",
			],
			without: ["silent 1.0-1"],
			missing: ["None-1"],
		});
		expect(readFileSync(join(folder, "pulumi-persona/LICENSE"), "utf8")).toContain("Apache License");
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("where a file was brought from is said without the name and password of its address", () => {
	const { guests, ...rest } = composition();
	const kernel = { url: "https://me:secret@files.example/Image", sha256: sha256("probe").slice(7) };
	const probe = {
		...guests.probe,
		key: "",
		digest: "",
		inputs: guestOf("probe", { builder: "prebuilt", lock: [], overlay: {}, kernel }),
	};
	const known = { ...rest, guests: { ...guests, probe } };
	for (const text of [renderSbom(known, packages), JSON.stringify(provenanceOf(known, ""))]) {
		expect(text).toContain("https://files.example/Image");
		expect(text).not.toContain("secret");
	}
});

test("a guest for the N800 names what its own kernel and the loader were built from", () => {
	const { inputs, guests, ...rest } = composition();
	const bootCode = { sources: sha256("loader"), compiler: "gcc 12", recipe: 1 };
	const program = { sources: sha256("volumes"), compiler: "gcc 12", architecture: "armv6" as const, recipe: 1 };
	const built = guestOf("work", { board: "n800", volumes: { list: [], program } });
	const text = renderSbom(
		{
			...rest,
			inputs: { ...inputs, board: "n800", bootCode },
			guests: { ...guests, work: { key: "", digest: "", inputs: built } },
		},
		packages,
	);
	expect(text).toContain(sha256("loader"));
	expect(text).toContain(sha256("volumes"));
});
