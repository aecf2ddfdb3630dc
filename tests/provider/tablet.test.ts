// SPDX-License-Identifier: Apache-2.0
// A handset that is a tablet: which one it is, what it cannot have, and that it is not switched off from here.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HandsetRecord, markRemoved, readRecord, writeRecord } from "../../components/provider/handset-record.ts";
import type { Properties } from "../../components/provider/properties.ts";
import { deployment } from "../../components/provider/resources/deployment.ts";
import { handset } from "../../components/provider/resources/handset.ts";
import { volume } from "../../components/provider/resources/volume.ts";
import type { Operation } from "../../components/provider/session.ts";
import { FakeWorld, fakeStages } from "./fake-stages.ts";

let folder: string;
let operation: Operation;
let warnings: string[];

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "persona-tablet-"));
	warnings = [];
	const stages = fakeStages(folder, folder);
	const work = { signal: new AbortController().signal, progress: () => {} };
	operation = { urn: "urn", name: "tablet", stages, work, warn: (text: string) => warnings.push(text) } as unknown as Operation;
	const kind = { product: "RX-34", hardwareRevisions: ["1602"], usbVendor: 0x421, usbProduct: 0x105 };
	const usb = { kind, target: { identity: { serial: "A" }, backup: "old.fiasco", isCharged: true } };
	const spec: HandsetRecord["spec"] = { id: "tablet", board: "n800", qemu: { cpus: 1, cpu: "arm1136-r2" }, usb };
	const image = { key: "sha256:a", digest: "sha256:b" };
	const deployed = { id: "tablet/1", urn: "urn", image, personas: [], hardware: null };
	await writeRecord(stages.handsets, {
		...{ version: 1, urn: "urn", spec, creator: { pid: 1, token: null } },
		...{ deployment: deployed, lastGood: deployed },
	});
});
afterEach(() => rmSync(folder, { recursive: true }));

const inputs = (usb: Properties): Properties => ({ board: "n800", cpu: "arm1136-r2", target: { via: "usb", cpus: 1, usb } });

test.each([
	[{ serial: "A" }, { serial: "B" }, true],
	[{ serial: "A", port: "1-1" }, { serial: "A", port: "1-2" }, false],
	[{ port: "1-1" }, { port: "1-2" }, true],
	[{ port: "1-1" }, { serial: "A" }, true],
	[{ serial: "A", charged: false }, { serial: "A", charged: true }, false],
] as const)("%j is declared as %j: another handset is %s", async (before, after, isAnother) => {
	const old = { id: "tablet", inputs: inputs(before), outputs: {} };
	const { changes, replaces } = await handset.diff(operation, old, inputs(after));
	expect(changes.length).toBeGreaterThan(0);
	expect(replaces.length > 0).toBe(isAnother);
});

test("what was kept of a tablet is its own again, and no other's", async () => {
	const { handsets } = operation.stages;
	const record = await readRecord(handsets, "tablet");
	if (record === undefined) throw new Error("there is a record");
	await markRemoved(handsets, record);
	const made = async (usb: Properties) =>
		(await handset.create(operation, inputs({ backup: "old.fiasco", charged: true, ...usb }), false)).id;
	expect(await made({ serial: "B" })).not.toBe("tablet");
	expect(await made({ serial: "A", port: "1-2" })).toBe("tablet");
});

test("it has no volumes", async () => {
	const wanted = {
		handset: "tablet",
		persona: "work",
		name: "data",
		sizeMiB: 16,
		encrypted: false,
		fileSystem: "ext4",
		onDelete: "keep",
	};
	await expect(volume.create(operation, wanted, false)).rejects.toThrow(/memory card cannot be reached over USB/);
});

test("it is not switched off from here, and a deployment that is deleted leaves what was flashed", async () => {
	const old = { id: "tablet/1", inputs: { handset: "tablet", image: "sha256:a", personas: [] }, outputs: {} };
	await expect(deployment.update(operation, old, { ...old.inputs, running: false }, false)).rejects.toThrow(
		/cannot be switched off from here/,
	);
	await deployment.remove(operation, old);
	expect(warnings.join()).toContain("nothing is erased");
	expect(new FakeWorld(folder).takeLog()).toEqual([]);
});
