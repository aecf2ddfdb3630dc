// SPDX-License-Identifier: Apache-2.0
// The archive that full Debian systems are installed from, as apt itself reads it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { archiveUri } from "../../components/image/debian-root.ts";
import { run } from "../../components/util/process.ts";

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
