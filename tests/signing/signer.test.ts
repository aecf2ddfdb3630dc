// SPDX-License-Identifier: Apache-2.0
// Who signs: a private key that its owner alone can read, or a command; and no signature is used that was not checked.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listPrivateKeys, makePrivateKey, privateKeyDir } from "../../components/signing/private-keys.ts";
import { isSignedBy } from "../../components/signing/public-key.ts";
import { signer } from "../../components/signing/signer.ts";
import { withLogFile } from "../../components/util/log-file.ts";
import { testKey } from "./support.ts";

let folder: string;
let keys: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "persona-signing-"));
	keys = join(folder, "data", "keys");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const message = Buffer.alloc(47, 7);
const release = testKey("release");
const other = testKey("other");

function put(name: string, pem: string, mode = 0o600): string {
	mkdirSync(keys, { recursive: true, mode: 0o700 });
	const path = join(keys, `${name}.pem`);
	writeFileSync(path, pem);
	chmodSync(path, mode);
	return path;
}

describe("a private key", () => {
	test("is made for its owner alone, whatever the umask, and signs", async () => {
		const before = process.umask(0);
		const made = await makePrivateKey("release", folder.concat("-project"), keys).finally(() => process.umask(before));

		expect(statSync(made.path).mode & 0o777).toBe(0o600);
		expect(statSync(keys).mode & 0o777).toBe(0o700);
		expect(readFileSync(made.path, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
		expect(readdirSync(keys)).toEqual(["release.pem"]);
		if (made.publicKey === undefined) throw new Error("no public key");
		const signature = await signer({ folder: keys })(message, made.publicKey);
		expect(isSignedBy(made.publicKey, message, signature)).toBe(true);
	});

	test("is never overwritten, never in the project, and never in a folder that others can open", async () => {
		const path = put("release", release.pem);
		await expect(makePrivateKey("release", undefined, keys)).rejects.toThrow(/there is a key release already/);
		expect(readFileSync(path, "utf8")).toBe(release.pem);
		await expect(makePrivateKey("next", folder, keys)).rejects.toThrow(/within the project/);
		chmodSync(keys, 0o755);
		await expect(makePrivateKey("next", undefined, keys)).rejects.toThrow(/only you can open/);
		expect(existsSync(join(keys, "next.pem"))).toBe(false);
		await expect(makePrivateKey("../next", undefined, keys)).rejects.toThrow(/is no name for a key/);
	});

	test("is where XDG says what is the user's and no project's", () => {
		expect(privateKeyDir({ HOME: "/home/a" })).toBe("/home/a/.local/share/persona/keys");
		expect(privateKeyDir({ HOME: "/home/a", XDG_DATA_HOME: "/data" })).toBe("/data/persona/keys");
	});

	test("that others can read is refused, with its file and what to do", async () => {
		const path = put("release", release.pem, 0o640);
		await expect(signer({ folder: keys })(message, release.publicKey)).rejects.toMatchObject({
			message: "is a private key that others than you can reach",
			where: path,
			remedy: expect.stringContaining("chmod 600"),
		});
		expect(await listPrivateKeys(keys)).toEqual([
			{ name: "release", path, problem: "is a private key that others than you can reach" },
		]);
	});

	test("is found among others, damaged ones too", async () => {
		put("a-damaged", "nothing");
		put("b-other", other.pem);
		put("c-release", release.pem);
		expect(Buffer.from(await signer({ folder: keys })(message, release.publicKey))).toEqual(
			Buffer.from(await release.sign(message, release.publicKey)),
		);
	});

	test("that is not here is said so with the remedy, and the same key signs the same", async () => {
		const sign = signer({ folder: keys });
		await expect(sign(message, release.publicKey)).rejects.toMatchObject({
			message: `the private key of ${release.publicKey.fingerprint} is not on this machine`,
			remedy: expect.stringContaining("PERSONA_SIGN_COMMAND"),
		});
		put("release", release.pem);
		expect(await sign(message, release.publicKey)).toEqual(await sign(message, release.publicKey));
	});
});

describe("a signing command", () => {
	/** One that signs with openssl or node: what it does is up to it. */
	const signing = (key: typeof release, output: string) => {
		const path = put("hsm", key.pem);
		const script = join(folder, "hsm.mjs");
		writeFileSync(
			script,
			`import { sign } from "node:crypto"; import { readFileSync } from "node:fs";
			const signature = sign(null, readFileSync(0), readFileSync(${JSON.stringify(path)}, "utf8"));
			${output}`,
		);
		return `'${process.execPath}' '${script}'`;
	};
	const by = (command: string, deadlineMs?: number) =>
		signer({ command, folder: keys, ...(deadlineMs === undefined ? {} : { deadlineMs }) })(message, release.publicKey);

	test("signs with raw bytes or Base64, and is told which key is meant", async () => {
		const expected = Buffer.from(await release.sign(message, release.publicKey));
		expect(Buffer.from(await by(signing(release, "process.stdout.write(signature);")))).toEqual(expected);
		expect(Buffer.from(await by(signing(release, "console.log(signature.toString('base64'));")))).toEqual(expected);
		expect(Buffer.from(await by(`${signing(release, "process.stdout.write(signature);")} | base64 -w 40`))).toEqual(expected);
		const told = `test "$PERSONA_SIGN_KEY" = ${release.publicKey.fingerprint} && test "$PERSONA_SIGN_PUBLIC_KEY" = ${release.publicKey.hex}`;
		expect(Buffer.from(await by(`${told} && ${signing(release, "process.stdout.write(signature);")}`))).toEqual(expected);
	});

	test("is in no argument and no log", async () => {
		const secret = "token-4711";
		const log = join(folder, "log");
		const command = `ps -A -o args >${join(folder, "args")}; ${signing(release, "process.stdout.write(signature);")} # ${secret}`;
		await withLogFile(log, () => by(command));
		expect(readFileSync(join(folder, "args"), "utf8")).not.toContain(secret);
		expect(readFileSync(log, "utf8")).toContain("$ sh -c");
		expect(readFileSync(log, "utf8")).not.toContain(secret);
	});

	test("that fails is shown with what it has said", async () => {
		await expect(by("echo 'token is locked' >&2; exit 3")).rejects.toThrow(
			/the signing command failed \(exit status 3\):\ntoken is locked/,
		);
		await expect(by("/nowhere/hsm")).rejects.toThrow(/the signing command failed \(exit status 127\)/);
	});

	test("that hangs is ended, with all it has started", async () => {
		const started = performance.now();
		await expect(by(`sleep 77 & echo $! > ${join(folder, "pid")}; wait`, 300)).rejects.toThrow(/has not answered for 0.3 s/);
		expect(performance.now() - started).toBeLessThan(10_000);
		const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
		const status = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : `${pid} (sleep) Z`;
		expect(status).toContain("(sleep) Z");
	});

	test("that gives garbage, nothing, or another key's signature is refused", async () => {
		await expect(by("true")).rejects.toThrow(/gave 0 bytes that are no signature/);
		await expect(by("echo signed, trust me")).rejects.toThrow(/gave 17 bytes that are no signature/);
		await expect(by("head -c 65 /dev/zero")).rejects.toThrow(/gave 65 bytes that are no signature/);
		await expect(by("head -c 64 /dev/zero")).rejects.toThrow(/gave a signature that is not of ed25519:/);
		await expect(by(signing(other, "process.stdout.write(signature);"))).rejects.toMatchObject({
			message: expect.stringContaining(`not of ${release.publicKey.fingerprint}`),
			remedy: expect.stringContaining("PERSONA_SIGN_KEY"),
		});
	});

	test("is ended by an abort, which is not called its fault", async () => {
		const abort = new AbortController();
		setTimeout(() => abort.abort(), 100);
		await expect(signer({ command: "sleep 77" })(message, release.publicKey, abort.signal)).rejects.toThrow(/abort/i);
	});
});
