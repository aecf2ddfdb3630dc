// SPDX-License-Identifier: Apache-2.0
// Guests that Buildroot has built, in bills of materials, provenance and differences.
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import { expect, test } from "vitest";
import { buildrootLicences, buildrootPackages } from "../../components/account/buildroot-packages.ts";
import {
	type AccountContext,
	collectLicences,
	materialsOf,
	packagesOf,
	packageVersions,
	provenanceOf,
	renderSbom,
} from "../../components/account/index.ts";
import { packageChanges } from "../../components/account/package-changes.ts";
import { rememberAccount } from "../../components/image/buildroot/account.ts";
import { buildrootKey } from "../../components/image/buildroot/build.ts";
import { type BuildrootAccount, openStore, type Store } from "../../components/image/index.ts";
import { sha256 } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { composition, guestOf } from "./composition.ts";

const archive = (name: string, version: string) => ({
	...{ package: name, version, file: `${name}-${version}.tar.xz`, sha256: sha256(`${name} ${version}`).slice(7) },
	url: `https://example.org/a b/${name}-${version}.tar.xz`,
});

function account(version: string): BuildrootAccount {
	const dropbear = archive("dropbear", version);
	return {
		packages: [
			{
				...{ name: "dropbear", version, licence: "MIT, BSD-2-Clause", licenceTexts: ["the text"], archive: dropbear },
				...{ dependsOn: ["initscripts"], cpe: `cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:${version}:*:*:*:*:*:*:*` },
			},
			{ name: "initscripts", licence: "GPL-2.0-or-later", licenceTexts: [], dependsOn: [] },
		],
		compiler: [{ name: "libc6-dev-arm64-cross", version: "2.36-8cross1", vendor: "debian", suite: "bookworm", copyright: "C" }],
		archives: [dropbear, archive("host-pkgconf", "2.3")],
	};
}

function phone(config: string[] = ["BR2_aarch64=y"]) {
	const buildroot = { version: "2026.08", source: sha256("br"), toolchain: ["gcc=12"], config, recipe: 1 };
	const { guests, ...rest } = composition();
	const { base: _, ...inputs } = guestOf("work", { builder: "buildroot", buildroot, lock: [] });
	const built = composition({ ...rest, guests: { ...guests, work: { ...guests.work, key: "k", digest: "d", inputs } } });
	return { built, key: buildrootKey(buildroot, "rootfs.tar") };
}

async function contextOf(accounts: Record<string, BuildrootAccount>): Promise<AccountContext & { store: Store }> {
	const store = await openStore(join(temporaryFolder(), "store"));
	for (const [key, one] of Object.entries(accounts)) await rememberAccount(store, key, one);
	return { store, progress: silent };
}

test("the bill of materials has each package with version, licence, digest and where its sources are, and is valid", async () => {
	const { built, key } = phone();
	const text = renderSbom(built, await packagesOf(built, await contextOf({ [key]: account("2025.1") })));
	expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
	const { components } = JSON.parse(text) as { components: { name: string; components?: Record<string, unknown>[] }[] };
	const own = components.find(({ name }) => name === "work")?.components ?? [];
	const dropbear = own.find(({ name }) => name === "dropbear");
	expect(dropbear).toMatchObject({
		version: "2025.1",
		licenses: [{ expression: "MIT AND BSD-2-Clause" }],
		hashes: [{ alg: "SHA-256", content: sha256("dropbear 2025.1").slice(7) }],
		cpe: "cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:2025.1:*:*:*:*:*:*:*",
	});
	expect(PackageURL.fromString(String(dropbear?.purl))).toMatchObject({
		type: "generic",
		name: "dropbear",
		version: "2025.1",
		qualifiers: {
			checksum: `sha256:${sha256("dropbear 2025.1").slice(7)}`,
			download_url: "https://example.org/a b/dropbear-2025.1.tar.xz",
		},
	});
	expect(own.find(({ name }) => name === "initscripts")).toMatchObject({
		version: "2026.08",
		purl: "pkg:generic/buildroot@2026.08#package/initscripts",
	});
	expect(own.find(({ name }) => name === "libc6-dev-arm64-cross")).toMatchObject({
		purl: "pkg:deb/debian/libc6-dev-arm64-cross@2.36-8cross1?arch=all&distro=bookworm",
	});
});

test("licence texts are collected, those of the compiler's libraries too", async () => {
	const { built, key } = phone();
	const packages = await packagesOf(built, await contextOf({ [key]: account("2025.1") }));
	const { files, without } = await collectLicences([...packages.values()].flat(), temporaryFolder());
	expect(files).toEqual([
		"packages/dropbear_2025.1/copyright",
		"packages/libc6-dev-arm64-cross_2.36-8cross1/copyright",
		"pulumi-persona/LICENSE",
	]);
	expect(without).toEqual(["initscripts 2026.08"]);
});

test("an image whose account is gone is not accounted for by halves", async () => {
	await expect(packagesOf(phone().built, await contextOf({}))).rejects.toThrow(
		"what Buildroot built for persona work is not known",
	);
});

test("the provenance has Buildroot, its compiler and every archive that was taken", async () => {
	const { built, key } = phone();
	const { store } = await contextOf({ [key]: account("2025.1") });
	const statement = provenanceOf(built, "", await materialsOf(built, store));
	const taken = statement.predicate.buildDefinition.resolvedDependencies;
	expect(taken).toContainEqual({
		uri: "pkg:generic/buildroot@2026.08",
		digest: { "persona-source-sha256": sha256("br").slice(7) },
	});
	expect(taken).toContainEqual({ uri: "pkg:generic/gcc@12" });
	for (const name of ["dropbear 2025.1", "host-pkgconf 2.3"])
		expect(taken.map(({ digest }) => digest?.sha256)).toContain(sha256(name).slice(7));
});

test("a difference shows packages that Buildroot has upgraded", async () => {
	const [old, now] = [phone(), phone(["BR2_aarch64=y", "BR2_PACKAGE_NANO=y"])];
	const { store } = await contextOf({ [old.key]: account("2025.1"), [now.key]: account("2025.2") });
	const versions = async ({ built }: typeof old) => (await packageVersions(built, store)).get("work") ?? [];
	expect(await packageChanges(await versions(old), await versions(now))).toEqual([
		{ name: "dropbear", change: "upgraded", old: "2025.1", new: "2025.2" },
	]);
	const { store: empty } = await contextOf({});
	expect((await packageVersions(old.built, empty)).has("work")).toBe(false);
});

test("a kernel of Buildroot's is the kernel", () => {
	const linux = { name: "linux", version: "6.12", licence: "GPL-2.0", licenceTexts: [], dependsOn: [] };
	const built = { version: "1", source: "", toolchain: [], config: [], recipe: 1 };
	const [one] = buildrootPackages({ buildroot: built, account: { packages: [linux], compiler: [], archives: [] } });
	expect(one).toMatchObject({ isKernel: true, licences: [{ id: "GPL-2.0-only" }] });
});

test.each([
	["GPL-2.0", [{ id: "GPL-2.0-only" }]],
	["LGPL-2.1+ (library)", [{ id: "LGPL-2.1-or-later" }]],
	["GPL-2.0+ (programs, tests), MIT or ISC", [{ expression: "GPL-2.0-or-later AND (MIT OR ISC)" }]],
	["GPL-2.0, bzip2-1.0.6", [{ expression: "GPL-2.0-only AND bzip2-1.0.6" }]],
	["MIT, Public domain , MIT", [{ id: "MIT" }, { name: "Public domain" }]],
	["GPL-3.0+ with exceptions (lib), MIT or ISC", [{ name: "GPL-3.0+ with exceptions (lib)" }, { name: "MIT or ISC" }]],
	["unknown", [{ name: "unknown" }]],
])("licences as Buildroot writes them: %s", (text, licences) => {
	expect(buildrootLicences(text)).toEqual(licences);
});
