// SPDX-License-Identifier: Apache-2.0
// How full Debian systems are installed: the archive as apt itself reads it, and what mmdebstrap is told, by a stand-in for it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { archiveUri, debianTree } from "../../components/image/debian-root.ts";
import type { LockEntry } from "../../components/image/lock.ts";
import { openStore } from "../../components/image/store.ts";
import { sha256File } from "../../components/util/digest.ts";
import { run } from "../../components/util/process.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";

test.each(["plain", "with a blank", "100%", "a#b?c", "größe"])("apt finds an archive in a folder named %s", async (name) => {
	const folder = mkdtempSync(join(tmpdir(), "persona-archive-"));
	try {
		const archive = join(folder, name);
		for (const made of [name, "lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, made), { recursive: true });
		writeFileSync(
			join(archive, "Packages"),
			"Package: p\nVersion: 1\nArchitecture: all\nFilename: ./p.deb\nSize: 1\nMaintainer: m\nDescription: d\n",
		);
		writeFileSync(join(folder, "sources.list"), `deb [trusted=yes] ${archiveUri(archive)} ./\n`);
		const options = {
			"Dir::Etc::sourcelist": join(folder, "sources.list"),
			"Dir::Etc::sourceparts": "-",
			"Dir::State::lists": join(folder, "lists"),
			"Dir::Cache": join(folder, "cache"),
			"APT::Sandbox::User": "root",
		};
		const words = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
		await run("apt-get", [...words, "update", "--error-on=any"]);
		expect((await run("apt-cache", [...words, "policy", "p"])).stdout).toContain("Candidate: 1");
	} finally {
		rmSync(folder, { recursive: true });
	}
});

describe("mmdebstrap", () => {
	afterEach(() => vi.unstubAllEnvs());

	/** Makes a tree of one package with a shell script in place of mmdebstrap, whose words are the arguments; its output's name is in OUT. */
	async function treeBy(script: string) {
		const folder = temporaryFolder();
		const out = 'for word; do case "$word" in */root.tar) OUT=$word;; esac; done';
		writeFileSync(join(folder, "mmdebstrap"), `#!/bin/sh\n${out}\n${script}\n`, { mode: 0o755 });
		vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
		mkdirSync(join(folder, "small/DEBIAN"), { recursive: true });
		chmodSync(join(folder, "small/DEBIAN"), 0o755);
		writeFileSync(
			join(folder, "small/DEBIAN/control"),
			"Package: small\nVersion: 1:2\nArchitecture: all\nMaintainer: m\nDescription: d\n",
		);
		const path = join(folder, "small.deb");
		await run("dpkg-deb", ["--root-owner-group", "--build", join(folder, "small"), path]);
		const digest = await sha256File(path);
		const entry: LockEntry = {
			...{ name: "small", version: "1:2", architecture: "all", archive: "debian", file: "small.deb", size: 1 },
			sha256: digest.slice("sha256:".length),
		};
		const context = { store: await openStore(join(folder, "store")), progress: silent };
		const options = { hostname: "work", hasModules: false, hasAgent: false, hasNetwork: false };
		return debianTree([entry], async () => ({ digest, size: 1, path }), options, context);
	}

	test("is told of the locked packages and no network, and sees nothing of the surroundings but where programs are", async () => {
		for (const [name, value] of Object.entries({ LANG: "de_DE.UTF-8", TZ: "Pacific/Kiritimati", SECRET: "x" }))
			vi.stubEnv(name, value);
		const before = process.umask(0o077);
		try {
			const tree = await treeBy(
				'mkdir "$TMPDIR/t"; cd "$TMPDIR/t"; printf "%s\\n" "$@" >args; env | sort >env; umask >umask; cat ../packages/Packages >index; tar -cf "$OUT" *',
			);
			const text = (name: string) => Buffer.from(tree.get(name)?.data ?? "").toString();
			const scratch = /^TMPDIR=(.*)$/m.exec(text("env"))?.[1] ?? "";
			expect(text("args").replaceAll(scratch, "SCRATCH").trimEnd().split("\n")).toEqual([
				expect.stringMatching(/^--mode=(root|unshare)$/),
				"--architectures=arm64",
				"--variant=essential",
				"--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
				"--include=small",
				"--dpkgopt=force-unsafe-io",
				"--dpkgopt=path-exclude=/usr/share/doc/*",
				"--dpkgopt=path-exclude=/usr/share/man/*",
				"--dpkgopt=path-exclude=/usr/share/locale/*",
				"--dpkgopt=path-include=/usr/share/doc/*/copyright",
				'--customize-hook=rm "$1/etc/apt/sources.list"',
				"--format=tar",
				"bookworm",
				"SCRATCH/root.tar",
				"deb [trusted=yes] copy:SCRATCH/packages ./",
			]);
			expect(text("umask")).toBe("0022\n");
			expect(text("index")).toMatch(
				/^Package: small\nVersion: 1:2\n(?:.*\n)*Filename: \.\/small\.deb\nSize: \d+\nSHA256: [0-9a-f]{64}\n$/,
			);
			const variables = text("env").split("\n");
			expect(variables).toEqual(expect.arrayContaining(["LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=1686355200"]));
			expect(text("env")).not.toMatch(/^(LANG|SECRET)=/m);
		} finally {
			process.umask(before);
		}
	});

	test("that fails is told in its own words, with what checks the machine", async () => {
		const failing = treeBy('echo "I: installing" >&2; echo "dpkg: trouble" >&2; echo "E: installation failed" >&2; exit 25');
		await expect(failing).rejects.toMatchObject({
			name: "UserError",
			message: "mmdebstrap could not make the root filesystem: dpkg: trouble; E: installation failed",
			remedy: expect.stringContaining("persona doctor"),
		});
	});
});
