// SPDX-License-Identifier: Apache-2.0
// The keys that a phone declares: what is wrong with them is said at the line that names them.
import { expect, test } from "vitest";
import { loadAndCheckParts, loadAndCheckPhone } from "../../components/policy/index.ts";
import { publicKeyPem } from "../../components/signing/index.ts";
import { testKey } from "../signing/support.ts";
import { folderWith, lines, personalYaml, phoneYaml, workYaml } from "./documents.ts";

const keys = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, testKey(name)]));
const pem = (name: string) => publicKeyPem((keys[name] ?? testKey(name)).publicKey);
const SMALL_ORDER =
	"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";

async function checked(signing: string, files: Record<string, string> = {}) {
	const folder = folderWith({
		"work.yaml": workYaml,
		"personal.yaml": personalYaml,
		"phone.yaml": `${phoneYaml}${signing}\n`,
		...Object.fromEntries(Object.keys(keys).map((name) => [`keys/${name}.pub.pem`, pem(name)])),
		...files,
	});
	const { resolved, problems } = await loadAndCheckPhone(`${folder}/phone.yaml`);
	return { resolved, said: lines(problems, folder) };
}

test("keys are read, the one that signs first, and all in an order of their own", async () => {
	const { resolved, said } = await checked("signing: { key: keys/b.pub.pem, alsoTrusted: [keys/a.pub.pem], version: 3 }");
	const swapped = await checked("signing: { key: keys/a.pub.pem, alsoTrusted: [keys/b.pub.pem], version: 4 }");

	expect(said).toEqual([]);
	expect(resolved?.signing).toMatchObject({ file: "keys/b.pub.pem", key: keys.b?.publicKey, version: 3 });
	expect(swapped.resolved?.signing?.trusted).toEqual(resolved?.signing?.trusted);
	expect((await checked("")).resolved?.signing).toBeUndefined();
});

test("a phone in code names them from the folder of Pulumi.yaml", async () => {
	const folder = folderWith({ "work.yaml": workYaml, "keys/a.pub.pem": pem("a") });
	const parts = { name: "pocket", board: "qemu-virt", personas: ["work.yaml"] };
	const good = await loadAndCheckParts({ ...parts, signing: { key: "keys/a.pub.pem", version: 1 } }, folder);
	const bad = await loadAndCheckParts({ ...parts, signing: { key: "a.pub.pem", version: 1 } }, folder);

	expect(good.resolved?.signing?.key).toEqual(keys.a?.publicKey);
	expect(lines(bad.problems, folder)).toEqual([
		expect.stringMatching(/^signing.key: "signing.key" names a.pub.pem: there is no such file/),
	]);
});

test.each([
	[
		"signing: { key: keys/a.pub.pem, version: 0 }",
		/^phone.yaml:6:42: "signing.version" cannot be 0; allowed: a whole number from 1/,
	],
	["signing: { key: keys/a.pub.pem }", /^phone.yaml:6:1: "signing.version" is missing/],
	["signing: { version: 1 }", /"signing.key" is missing/],
	["signing: { key: keys/a.pub.pem, verison: 1 }", /unknown key "verison" in "signing"; .*did you mean "version"/],
	[
		"signing: { key: keys/none.pem, version: 1 }",
		/^phone.yaml:6:17: "signing.key" names keys\/none.pem: there is no such file; allowed: a public/,
	],
	["signing: { key: keys, version: 1 }", /"signing.key" names keys: not a file/],
	["signing: { key: work.yaml, version: 1 }", /names work.yaml: holds no public key/],
	["signing: { key: small.pem, version: 1 }", /names small.pem: is a point of small order/],
	["signing: { key: private.pem, version: 1 }", /names private.pem: holds a private key, which is not to lie in a project/],
	[
		"signing: { key: keys/a.pub.pem, alsoTrusted: [private.pem], version: 1 }",
		/^phone.yaml:6:47: "signing.alsoTrusted\[0\]" names private.pem/,
	],
	[
		"signing: { key: keys/a.pub.pem, alsoTrusted: [keys/../keys/a.pub.pem], version: 1 }",
		/a key that stands before it; allowed: each once/,
	],
	[
		`signing: { key: keys/a.pub.pem, alsoTrusted: [${["b", "c", "d", "e"].map((name) => `keys/${name}.pub.pem`).join(", ")}], version: 1 }`,
		/"signing.alsoTrusted" has 4 entries; allowed: .*at most 3/,
	],
])("%s is refused at its place", async (signing, message) => {
	const { resolved, said } = await checked(signing, { "small.pem": SMALL_ORDER, "private.pem": testKey("a").pem });
	expect(said).toEqual([expect.stringMatching(message)]);
	expect(resolved).toBeUndefined();
});
