// SPDX-License-Identifier: Apache-2.0
// Everything a handset test needs on disk: a private state folder, an image with a manifest, and a QEMU that is fake.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HandsetSpec, ImageReference, ReadyExpectation } from "../../../components/handset/index.ts";
import { findOwnProcesses } from "../../../components/handset/qemu.ts";
import {
	VEIL_ABI_VERSION,
	VEIL_IMAGE_MAGIC,
	VEIL_START_AT_BOOT,
	type VeilPersona,
	veilImageHeader,
} from "../../../components/image/abi.ts";
import { encodePolicy, NOTHING_SHARED } from "../../../components/image/policy-section.ts";
import { encodeManifest } from "../../../components/image/veil-manifest.ts";
import { sha256 } from "../../../components/util/digest.ts";
import { runRoot } from "../../../components/util/paths.ts";
import type { FakeGuest, FakeScenario } from "./fake-veil.ts";

export type Scenario = FakeScenario & {
	readonly refusesToStart?: string;
	readonly listensLate?: boolean;
	readonly ignoresQuit?: boolean;
};

export interface Fixture {
	readonly folder: string;
	spec(id: string): HandsetSpec;
	image(scenario: Scenario): ImageReference;
	expect(scenario: Scenario, seconds?: number): ReadyExpectation[];
	/** Ends whatever a failed test has left, and removes the folder; throws when something was left. */
	remove(): void;
}

/** Two guests that come up. */
export const twoUp: Scenario = {
	guests: [
		{ name: "work", says: "booting work\npersona: READY\nlogin: ", chunk: 3 },
		{ name: "personal", says: "booting personal\npersona: READY\nlogin: ", chunk: 7 },
	],
};

/** Makes the fixture and points this process's state folder to it. `long` makes paths too long for sockets. */
export function makeFixture(long = false): Fixture {
	const base = mkdtempSync(join(tmpdir(), "persona-test-"));
	const folder = long ? join(base, "a folder with spaces, commas and a name that is long".repeat(3)) : base;
	const before = { state: process.env.PERSONA_STATE_DIR, runtime: process.env.XDG_RUNTIME_DIR };
	process.env.PERSONA_STATE_DIR = join(folder, "state");
	process.env.XDG_RUNTIME_DIR = join(base, "runtime");
	mkdirSync(join(base, "runtime"), { mode: 0o700 });
	mkdirSync(folder, { recursive: true });
	const qemu = join(base, "fake-qemu");
	const script = fileURLToPath(new URL("./fake-qemu.ts", import.meta.url));
	const node = `'${process.execPath}' --disable-warning=ExperimentalWarning`;
	writeFileSync(qemu, `#!/bin/sh\nexec ${node} '${script}' "$@"\n`);
	chmodSync(qemu, 0o755);
	let images = 0;
	return {
		folder,
		spec: (id) => ({ id, board: "qemu-virt", qemu: { cpus: 1, cpu: "cortex-a57", executable: qemu } }),
		image(scenario) {
			const bytes = fakeImage(scenario);
			const path = join(folder, `image${images++}`);
			writeFileSync(path, bytes);
			writeFileSync(`${path}.scenario.json`, JSON.stringify(scenario));
			return { path, digest: sha256(bytes) };
		},
		expect: (scenario, seconds = 10) =>
			scenario.guests.map(({ name }) => ({ name, readyMarker: "persona: READY", readyDeadlineSeconds: seconds })),
		remove() {
			const left = findOwnProcesses(runRoot());
			for (const { identity } of left) process.kill(identity.pid, "SIGKILL");
			rmSync(base, { recursive: true, force: true });
			restore("PERSONA_STATE_DIR", before.state);
			restore("XDG_RUNTIME_DIR", before.runtime);
			if (left.length > 0) throw new Error(`left behind: ${left.map(({ what, folder }) => `${what} of ${folder}`).join(", ")}`);
		},
	};
}

function restore(name: string, value: string | undefined): void {
	if (value === undefined) delete process.env[name];
	else process.env[name] = value;
}

/** A device image with nothing in it but header and manifest. Different scenarios give different bytes. */
function fakeImage(scenario: Scenario): Buffer {
	const manifest = encodeManifest({
		mustUnderstand: 0,
		board: Buffer.from("qemu-virt"),
		machineVersion: 1,
		signatureKind: 0,
		keyId: new Uint8Array(32),
		versionCounter: 0n,
		imageSha256: new Uint8Array(32),
		signature: new Uint8Array(64),
		ramBase: 0x40000000n,
		ramSize: 64n << 20n,
		workBase: 0n,
		workSize: 0n,
		cpuCount: 1,
		initialForeground: 0,
		flags: 0,
		hotkeyCount: 0,
		hotkey: [],
		viewBase: 0n,
		regions: [],
		payloads: [],
		segments: [],
		personas: scenario.guests.map((guest) => fakePersona(guest)),
		surfaces: [],
		storageRanges: [],
		policy: encodePolicy(NOTHING_SHARED, []),
	});
	const header = veilImageHeader.encode({
		code0: 0,
		code1: 0,
		textOffset: 0n,
		imageSize: 0n,
		flags: 0n,
		res2: 0n,
		res3: 0n,
		res4: 0n,
		magic: 0x644d5241,
		res5: 0,
		veilMagic: VEIL_IMAGE_MAGIC,
		abiVersion: VEIL_ABI_VERSION,
		reserved: 0,
		veilFileSize: 4096n,
		veilSize: 65536n,
		manifestOffset: 4096n,
		manifestSize: BigInt(manifest.length),
	});
	return Buffer.concat([header, Buffer.alloc(4096 - header.length), manifest, Buffer.from(JSON.stringify(scenario))]);
}

function fakePersona({ name, label = name, colour = 0, onDemand = false }: FakeGuest): VeilPersona {
	return {
		name: Buffer.from(name),
		uuid: new Uint8Array(16),
		label: Buffer.from(label),
		colour,
		flags: onDemand ? 0 : VEIL_START_AT_BOOT,
		devices: 1,
		cpuCount: 1,
		cpuShare: 1,
		cpuCapPercent: 100,
		cpuAffinity: 1,
		restartLimit: 0,
		restartWindowSeconds: 0,
		flashCodePages: 0,
		flashVariablePages: 0,
		ramGuestBase: 0x40000000n,
		ramSize: 192n << 20n,
		ramHostBase: 0n,
		entry: 0n,
		x0: 0n,
		rngSeedAddress: 0n,
		kaslrSeedAddress: 0n,
		patchPayload: 0,
		patchCount: 0,
	};
}
