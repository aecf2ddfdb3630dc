// SPDX-License-Identifier: Apache-2.0
// A phone goes from unsigned to signed and on to another key: what previews say, what state holds, and what an unsigned phone never sees of it.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as persona from "../../components/index.ts";
import { publicKeyPem } from "../../components/signing/index.ts";
import { testKey } from "../signing/support.ts";
import { FakeWorld } from "./fake-stages.ts";
import { PHONE, Project, type TestStack } from "./project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const [release, next] = [testKey("release"), testKey("next")];
const fingerprint = release.publicKey.fingerprint;
const both = [release.publicKey.hex, next.publicKey.hex].sort();

let project: Project;
let stack: TestStack;
let world: FakeWorld;
let parts: persona.PhoneArgs | undefined;

beforeAll(async () => {
	project = new Project();
	project.write("keys/release.pub.pem", publicKeyPem(release.publicKey));
	project.write("keys/next.pub.pem", publicKeyPem(next.publicKey));
	world = new FakeWorld(project.world);
	stack = await project.stack(async () => {
		const phone = new persona.Phone("pocket", parts ?? { phone: "stacks/dev.phone.yaml" });
		return { key: phone.key, signature: phone.signature };
	});
});
afterAll(() => project.remove());

const sign = (signing: string) => project.write("stacks/dev.phone.yaml", `${PHONE}signing: ${signing}\n`);
const state = async () => JSON.stringify((await stack.stack.exportStack()).deployment);

test("a phone without signing has no word about keys in its state", async () => {
	const up = await stack.run("up");
	expect(up.outputs.signature).toBe("development");
	expect(await state()).not.toMatch(/trustedKeys|"signing"|ed25519/);
	world.takeLog();
});

test("signing it is an update of Veil, image and deployment, and the preview names each change and needs no private key", async () => {
	sign("{ key: ../keys/release.pub.pem, version: 3 }");
	const preview = await stack.run("preview");
	const changed = ["HypervisorImage pocket", "DeviceImage pocket", "Deployment pocket"];
	expect(changed.map((name) => preview.steps[name])).toEqual(["update", "update", "update"]);
	expect(Object.values(preview.steps).filter((step) => step !== "same" && step !== "update" && step !== "refresh")).toEqual([]);
	expect(preview.diffs).toMatchObject({
		"HypervisorImage pocket": ["trustedKeys"],
		"DeviceImage pocket": expect.arrayContaining(["hypervisor", "signing"]),
		"Deployment pocket": expect.arrayContaining(["image", "trustedKeys"]),
	});
	expect(world.takeLog()).toEqual([]);
});

test("up composes, starts what the declared key has signed, and state holds public parts alone", async () => {
	const up = await stack.run("up");
	expect(up.diagnostics).toBe("");
	expect(up.outputs.signature).toBe(fingerprint);
	expect(world.takeLog()).toEqual(["build veil", "compose", "start", `trusts ${fingerprint}`]);
	const [image] = await stack.state("DeviceImage");
	expect(image?.inputs.signing).toEqual({
		key: "../keys/release.pub.pem",
		publicKey: release.publicKey.hex,
		fingerprint,
		version: 3,
		trustedKeys: [release.publicKey.hex],
	});
	expect(image?.outputs).toMatchObject({ signature: fingerprint, trustedKeys: [release.publicKey.hex], key: up.outputs.key });
	expect(await state()).not.toContain("PRIVATE KEY");
});

test("nothing changed: nothing is done; a moved key file is no change", async () => {
	expect((await stack.run("up")).diffs).toEqual({});
	project.write("certs/r.pem", `moved\n${project.read("keys/release.pub.pem")}`);
	sign("{ key: ../certs/r.pem, version: 3 }");
	expect((await stack.run("up")).diffs).toEqual({});
	expect(world.takeLog()).toEqual([]);
});

test("a rotation builds Veil once: which of two trusted keys signs does not change it", async () => {
	sign("{ key: ../keys/release.pub.pem, alsoTrusted: [../keys/next.pub.pem], version: 4 }");
	await stack.run("up");
	expect(world.takeLog()).toEqual(["build veil", "compose", "start", ...both.map((hex) => `trusts ${fingerprintOf(hex)}`)]);
	sign("{ key: ../keys/next.pub.pem, alsoTrusted: [../keys/release.pub.pem], version: 5 }");
	const up = await stack.run("up");
	expect(up.steps["HypervisorImage pocket"]).toBe("same");
	expect(up.outputs.signature).toBe(next.publicKey.fingerprint);
	expect(world.takeLog().slice(0, 2)).toEqual(["compose", "start"]);
});

test("an image that does not come up is followed by the previous one, with the keys of that", async () => {
	sign("{ key: ../keys/release.pub.pem, version: 6 }");
	const good = Object.values(world.get().handsets)[0]?.digest;
	world.change((now) => {
		now.onlyGood = [String(good)];
	});
	const up = await stack.run("up");
	expect(up.diagnostics).toContain("The previous image runs again.");
	const log = world.takeLog();
	expect(log.slice(log.lastIndexOf("start"))).toEqual(["start", ...both.map((hex) => `trusts ${fingerprintOf(hex)}`)]);
	world.change((now) => {
		delete now.onlyGood;
	});
});

test("a wrong key is said at its line, and nothing is done", async () => {
	project.write("keys/private.pem", release.pem);
	sign("{ key: ../keys/private.pem, version: 7 }");
	const up = await stack.run("up");
	expect(up.failed).toBe(true);
	expect(up.diagnostics).toMatch(/stacks\/dev.phone.yaml:8:17: "signing.key" names ..\/keys\/private.pem: holds a private key/);
	expect(world.takeLog()).toEqual([]);
});

test("a phone in code is signed as well", async () => {
	parts = {
		name: "pocket",
		board: "qemu-virt",
		personas: ["personas/work.yaml", "personas/personal.yaml"],
		policy: "personas/policy.yaml",
		initialForeground: "personal",
		signing: { key: "keys/next.pub.pem", version: 8 },
	};
	const up = await stack.run("up");
	expect(up.outputs.signature).toBe(next.publicKey.fingerprint);
	parts = undefined;
});

function fingerprintOf(hex: string): string {
	return hex === release.publicKey.hex ? fingerprint : next.publicKey.fingerprint;
}
