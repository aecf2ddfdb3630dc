// SPDX-License-Identifier: Apache-2.0
// Which mirrors packages come from, by what the host is.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { debianArchives, debianMirrors } from "../../components/image/debian-sources.ts";
import { temporaryFolder } from "../temporary-folder.ts";

function host(files: Record<string, string>): string {
	const root = temporaryFolder();
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	}
	return root;
}

const archives = (files: Record<string, string>, variables: NodeJS.ProcessEnv = {}) =>
	debianArchives({ root: host(files), variables });
const debian = { "etc/os-release": 'NAME="Debian"\nID=debian\n' };
const ubuntu = { "etc/os-release": "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n" };

test("a Debian host's own, in the format of sources.list", () => {
	const list =
		"# deb http://old.example/debian x main\ndeb [arch=amd64] https://mirror.example/debian/ bookworm main\ndeb http://sec.example/debian-security bookworm-security main\n";
	expect(archives({ ...debian, "etc/apt/sources.list": list })).toEqual({
		debian: "https://mirror.example/debian",
		"debian-security": "http://sec.example/debian-security",
	});
});

test("a Debian host's own, in the deb822 format, without disabled and third parties' ones", () => {
	const files = {
		...debian,
		"etc/apt/sources.list.d/a.list": "deb https://third.example/node nodistro main\n",
		"etc/apt/sources.list.d/b.sources": "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nEnabled: no\n",
		"etc/apt/sources.list.d/debian.sources":
			"Types: deb deb-src\n# a comment\nURIs: http://near.example/debian\n http://far.example/debian\nSuites: bookworm\n\nTypes: deb\nURIs: http://near.example/debian-security/\nSuites: bookworm-security\n",
	};
	expect(archives(files)).toEqual({
		debian: "http://near.example/debian",
		"debian-security": "http://near.example/debian-security",
	});
});

test("on another host those that mmdebstrap takes by itself", () => {
	const files = {
		...ubuntu,
		"etc/apt/sources.list": "deb http://ubuntu.example/ubuntu noble main\n",
		"usr/bin/mmdebstrap":
			"my $mirror = 'http://default.example/debian';\nmy $secmirror = 'http://security.example/debian-security';\n",
	};
	expect(archives(files)).toEqual({
		debian: "http://default.example/debian",
		"debian-security": "http://security.example/debian-security",
	});
});

test("the user's word comes first", () => {
	const variables = { PERSONA_DEBIAN_MIRROR: "http://mine.example/debian/" };
	expect(archives(debian, variables)).toEqual({
		debian: "http://mine.example/debian",
		"debian-security": "http://mine.example/debian-security",
	});
});

test("the user may name several, and those of security updates apart", () => {
	const named = "http://one.example/debian http://two.example/debian/";
	expect(debianMirrors({ root: host(debian), variables: { PERSONA_DEBIAN_MIRROR: named } })).toEqual({
		debian: ["http://one.example/debian", "http://two.example/debian"],
		"debian-security": ["http://one.example/debian-security", "http://two.example/debian-security"],
	});
	const variables = { PERSONA_DEBIAN_MIRROR: named, PERSONA_DEBIAN_SECURITY_MIRROR: "http://three.example/s" };
	expect(debianMirrors({ root: host(debian), variables })["debian-security"]).toEqual(["http://three.example/s"]);
});

test("none known is told with the remedy", () => {
	expect(() => archives(ubuntu)).toThrow(expect.objectContaining({ remedy: expect.stringContaining("PERSONA_DEBIAN_MIRROR") }));
});
