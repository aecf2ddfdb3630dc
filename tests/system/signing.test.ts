// SPDX-License-Identifier: Apache-2.0
// A signed phone under the real engine, from its first version to READY, and what is refused after that: an older version, an unknown key, and
// an image that nobody here can sign.
import { createReadStream, createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controlClient, HANDSET_FILES, handsetDir, observeHandset } from "../../components/handset/index.ts";
import {
	VEIL_SECTOR_BYTES,
	VEIL_VERSION_FIRST_SECTOR,
	VEIL_VERSION_RECORD_SECTORS,
	VEIL_VERSION_RECORDS,
	veilVersionRecord,
} from "../../components/image/abi.ts";
import { openStore, readDeviceImage } from "../../components/image/index.ts";
import * as persona from "../../components/index.ts";
import { publicKeyPem } from "../../components/signing/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { PHONE, Project, type TestStack } from "../provider/project.ts";
import { testKey } from "../signing/support.ts";
import { bootVeil } from "./boot-veil.ts";
import { bareMetal, copyGuests } from "./mini-guests.ts";

const MIB = 1 << 20;
const keys = { release: testKey("release"), next: testKey("next"), other: testKey("other") };
let project: Project;
let stack: TestStack;
let held: string;
let handset: string;
const before = { state: process.env.XDG_STATE_HOME, data: process.env.XDG_DATA_HOME };

/** Channels are for personas that have one. */
const AGENT = { rest: "devices: { agent: true }\n" };

beforeAll(async () => {
	project = new Project({
		plugin: join(packageRoot(), "plugin"),
		env: { PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(packageRoot(), "persona.lock.yaml") },
	});
	project.env.XDG_STATE_HOME = join(project.folder, ".xdg");
	project.env.XDG_DATA_HOME = join(project.folder, ".data");
	process.env.XDG_STATE_HOME = project.env.XDG_STATE_HOME;
	held = join(project.env.XDG_DATA_HOME, "persona", "keys");
	mkdirSync(held, { recursive: true, mode: 0o700 });
	for (const [name, { publicKey }] of Object.entries(keys)) project.write(`keys/${name}.pub.pem`, publicKeyPem(publicKey));
	hold("release");
	copyGuests(join(project.folder, "personas", "guests"));
	project.write("personas/work.yaml", bareMetal("work", "./guests/wfi_idle.img", AGENT));
	project.write("personas/personal.yaml", bareMetal("personal", "./guests/wfi_idle.img", AGENT));
	stack = await project.stack(async () => {
		const phone = new persona.Phone("pocket", { phone: "stacks/dev.phone.yaml" });
		return { handset: phone.handset, signature: phone.signature, digest: phone.digest };
	});
});
afterAll(async () => {
	await stack?.run("destroy");
	project?.remove();
	for (const [name, value] of [
		["XDG_STATE_HOME", before.state],
		["XDG_DATA_HOME", before.data],
	] as const) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
});

function hold(name: keyof typeof keys): void {
	writeFileSync(join(held, `${name}.pem`), keys[name].pem, { mode: 0o600 });
}

function declare(key: keyof typeof keys, version: number, alsoTrusted: (keyof typeof keys)[] = []): void {
	const others = alsoTrusted.map((name) => `../keys/${name}.pub.pem`).join(", ");
	project.write(
		"stacks/dev.phone.yaml",
		`${PHONE}signing: { key: ../keys/${key}.pub.pem, alsoTrusted: [${others}], version: ${version} }\n`,
	);
}

const imageOf = async (digest: unknown) => (await (await openStore()).get(String(digest)))?.path ?? "";

/** The highest version that Veil has written on the handset's disk. */
async function keptVersion(): Promise<bigint> {
	const file = await open(join(handsetDir(handset), HANDSET_FILES.disk));
	try {
		let highest = 0n;
		for (let record = 0; record < VEIL_VERSION_RECORDS; record++) {
			const at = (VEIL_VERSION_FIRST_SECTOR + record * VEIL_VERSION_RECORD_SECTORS) * VEIL_SECTOR_BYTES;
			const { buffer } = await file.read(Buffer.alloc(veilVersionRecord.size), 0, veilVersionRecord.size, at);
			const { version, inverse } = veilVersionRecord.read(buffer);
			if (inverse === BigInt.asUintN(64, ~version) && version > highest) highest = version;
		}
		return highest;
	} finally {
		await file.close();
	}
}

let third: unknown;

test("a signed phone comes up, and its handset and Veil remember the version", async () => {
	declare("release", 3);
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	expect(up.outputs.signature).toBe(keys.release.publicKey.fingerprint);
	handset = String(up.outputs.handset);
	third = up.outputs.digest;
	const { personas } = await observeHandset(handset);
	expect(personas.map(({ name, ready }) => ({ name, ready }))).toEqual([
		{ name: "work", ready: true },
		{ name: "personal", ready: true },
	]);
	expect(await keptVersion()).toBe(3n);
	const explained = await readDeviceImage(await imageOf(third), [keys.release.publicKey]);
	expect(explained).toMatchObject({ signed: { version: 3, isChecked: true }, problems: [] });
});

test("an older version is refused, by the deployer and, where nobody asks it, by Veil; the phone goes on", async () => {
	declare("release", 2);
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toContain("the image has version 2, and this handset has accepted version 3");
	expect(up.diagnostics).toContain("The previous image runs again.");
	expect((await observeHandset(handset)).imageDigest).toBe(third);

	const [image] = await stack.state("DeviceImage");
	const path = await imageOf(image?.outputs.digest);
	// The beginning is enough: the whole of it is sparse and as large as a disk can be.
	const disk = join(project.folder, "disk.img");
	await pipeline(createReadStream(join(handsetDir(handset), HANDSET_FILES.disk), { end: MIB - 1 }), createWriteStream(disk));
	expect(await bootVeil(path, { disk, memoryMiB: 256 })).toEqual({
		refused: expect.stringMatching(/older than the accepted version 0x3/),
	});
});

test("another key is refused where what runs does not trust it, and taken after a rotation in two steps", async () => {
	hold("next");
	declare("next", 4);
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toContain(
		`the image is signed by ${keys.next.publicKey.fingerprint}, which the image that this handset has accepted does not trust`,
	);

	declare("release", 4, ["next"]);
	expect((await stack.run("up")).diagnostics).toBe("");
	declare("next", 5);
	const rotated = await stack.run("up");
	expect(rotated.diagnostics).toBe("");
	expect(rotated.outputs.signature).toBe(keys.next.publicKey.fingerprint);
	expect(await keptVersion()).toBe(5n);
});

test("a policy edit is signed, by a command where there is no key, and reaches the phone while it runs", async () => {
	// What the stack's configuration names signs, in place of the private key that is not here any more.
	rmSync(join(held, "next.pem"));
	project.write("elsewhere/next.pem", keys.next.pem);
	project.write(
		"elsewhere/sign.mjs",
		`import { sign } from "node:crypto"; import { readFileSync } from "node:fs";
		const key = readFileSync(new URL("next.pem", import.meta.url), "utf8");
		console.log(sign(null, readFileSync(0), key).toString("base64"));`,
	);
	await stack.stack.setConfig("persona:signCommand", {
		value: `'${process.execPath}' '${join(project.folder, "elsewhere", "sign.mjs")}'`,
	});
	const control = await controlClient(handset);
	const { bootEpoch } = await control.systemStatus();
	const inForce = await control.policyDigest();
	control.close();
	project.write(
		"personas/policy.yaml",
		`version: 1\nkind: Policy\nname: corporate\nchannels: [{ from: personal, to: work, carries: clipboard, maxKiB: 64 }]\n`,
	);
	declare("next", 6);
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	const after = await controlClient(handset);
	expect((await after.systemStatus()).bootEpoch).toBe(bootEpoch);
	expect(await after.policyDigest()).not.toBe(inForce);
	after.close();
});

test("without the private key there is a preview, and no image", async () => {
	await stack.stack.removeConfig("persona:signCommand");
	declare("other", 7, ["next"]);
	const preview = await stack.run("preview");
	expect(preview.failed).toBe(false);
	expect(preview.steps["DeviceImage pocket"]).toBe("update");
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toContain(`the private key of ${keys.other.publicKey.fingerprint} is not on this machine`);
	expect(up.diagnostics).toContain("PERSONA_SIGN_COMMAND");
});

test("a phone that has been signed is not followed by an unsigned one on the same handset", async () => {
	project.write("stacks/dev.phone.yaml", PHONE);
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toMatch(/is not signed, and this handset has accepted version \d of a signed one/);
});
