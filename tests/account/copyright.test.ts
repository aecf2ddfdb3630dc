// SPDX-License-Identifier: Apache-2.0
// Licences read from Debian's copyright files.
import parse from "spdx-expression-parse";
import { describe, expect, test } from "vitest";
import { commonLicences, licencesOf } from "../../components/account/copyright.ts";

const machineReadable = (...licences: string[]) =>
	[
		"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x",
		...licences.map((licence, index) => `Files: part${index}/*\nCopyright: 2020 Somebody\nLicense: ${licence}\n text of it`),
		"License: HomeMade\n A paragraph that only gives the text of a licence.",
	].join("\n\n");

describe("a machine-readable copyright file", () => {
	test.each([
		["GPL-2", "GPL-2.0-only"],
		["GPL-2+", "GPL-2.0-or-later"],
		["LGPL-2.1+", "LGPL-2.1-or-later"],
		["AGPL-3.0+", "AGPL-3.0-or-later"],
		["Expat", "MIT"],
		["BSD-3-clause", "BSD-3-Clause"],
		["Apache-2.0", "Apache-2.0"],
		["zlib", "Zlib"],
	])("gives %s as SPDX's %s", (debian, id) => {
		expect(licencesOf(machineReadable(debian))).toEqual([{ id }]);
	});

	test.each([
		[["GPL-2+", "Expat"], "GPL-2.0-or-later AND MIT"],
		[["GPL-2 or BSD-2-clause"], "GPL-2.0-only OR BSD-2-Clause"],
		[["LGPL-2.1 or BSD-2-clause", "ISC"], "(LGPL-2.1-only OR BSD-2-Clause) AND ISC"],
		[["GPL-2+ or Artistic, and Expat"], "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND MIT"],
	])("gives %j as one expression", (debian, expression) => {
		expect(licencesOf(machineReadable(...debian))).toEqual([{ expression }]);
		// By SPDX's own grammar.
		expect(() => parse(expression)).not.toThrow();
	});

	test("names what SPDX does not know, beside what it knows", () => {
		expect(licencesOf(machineReadable("GPL-2", "CRYPTOGAMS", "GPL-2 or HomeMade", "ISC or Expat"))).toEqual([
			{ id: "GPL-2.0-only" },
			{ name: "CRYPTOGAMS" },
			{ name: "GPL-2 or HomeMade" },
			{ name: "ISC OR MIT" },
		]);
	});

	test("says each licence once", () => {
		expect(licencesOf(machineReadable("Expat", "GPL-2", "MIT", "GPL-2"))).toEqual([{ expression: "MIT AND GPL-2.0-only" }]);
	});
});

test("nothing is guessed of a file that is not machine-readable", () => {
	const text = "License:\n\n  GNU GPL version 2\n\nSee `/usr/share/common-licenses/GPL-2'.\n";
	expect(licencesOf(text)).toEqual([{ name: "see its copyright file, which refers to GPL-2" }]);
	expect(licencesOf("Do what you like.")).toEqual([{ name: "see its copyright file" }]);
});

test("names of common licences are such that no path leaves their folder", () => {
	const text = "/usr/share/common-licenses/GPL-2. /usr/share/common-licenses/LGPL-2.1, /usr/share/common-licenses/../../etc/shadow";
	expect(commonLicences(text)).toEqual(["GPL-2", "LGPL-2.1"]);
});
