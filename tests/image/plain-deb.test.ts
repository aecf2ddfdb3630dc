// SPDX-License-Identifier: Apache-2.0
// A package without compression: to dpkg the same as the one it was made of.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plainDeb } from "../../components/image/plain-deb.ts";
import { run } from "../../components/util/process.ts";

test("dpkg finds the same in a package without compression", async () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-deb-"));
	try {
		mkdirSync(join(folder, "p/DEBIAN"), { recursive: true });
		const control = "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.org>\nDescription: d\n";
		writeFileSync(join(folder, "p/DEBIAN/control"), control);
		writeFileSync(join(folder, "p/one"), "1".repeat(10_001));
		const [packed, plain] = [join(folder, "packed.deb"), join(folder, "plain.deb")];
		await run("dpkg-deb", ["--root-owner-group", "--build", join(folder, "p"), packed]);
		expect(readFileSync(packed).includes("1".repeat(100))).toBe(false);
		await plainDeb(packed, plain);
		expect(readFileSync(plain).includes("1".repeat(10_001))).toBe(true);
		for (const question of ["--field", "--contents", "--info"]) {
			const [before, after] = await Promise.all([packed, plain].map((path) => run("dpkg-deb", [question, path])));
			const said = (text = "") => text.replace(/^ (new Debian package|size \d+ bytes).*$/gm, "");
			expect(said(after?.stdout)).toBe(said(before?.stdout));
		}
		await expect(plainDeb(join(folder, "none.deb"), join(folder, "none"))).rejects.toThrow(/none\.deb/);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
