// SPDX-License-Identifier: Apache-2.0
// Puts an image on an emulated handset: QEMU in a session of its own, the bridge beside it, and then the wait for READY.
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { optional } from "../image/optional.ts";
import { canonicalJson } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { readAccepted, writeAccepted } from "./accepted.ts";
import { awaitReady } from "./await-ready.ts";
import { ensureBridge } from "./bridge-process.ts";
import { checkImage, checkStep } from "./check-image.ts";
import { keepVersions, useVolumes } from "./disk.ts";
import { type ImageFacts, readImageFacts } from "./image-facts.ts";
import { launch } from "./launch.ts";
import { adoptPolicy } from "./live-policy.ts";
import { controlClient, endpoints, observeHandset } from "./observe.ts";
import { withOperationLock } from "./operation-lock.ts";
import { endProcess, isAlive, self, waitUntil } from "./processes.ts";
import { qemuCommand, startsFromFlash } from "./qemu.ts";
import { listens, qmp } from "./qmp.ts";
import { type HandsetRecord, readRecord, writeRecord } from "./record.ts";
import { previousLog } from "./rotating-log.ts";
import { FILE, handsetDir, LOCK, makePrivate, SOCKET, socketDir } from "./run-folder.ts";
import type { PersonaSecret } from "./secrets.ts";
import { removeHalfWritten, stopLocked } from "./stop.ts";
import { lastQemuLines } from "./tails.ts";
import type { HandsetSpec, HandsetState, ImageReference, ReadyExpectation, StartOptions } from "./types.ts";

/** QEMU makes its sockets within milliseconds; a loaded host takes longer. */
const QEMU_MS = 15_000;

/**
 * Puts an image on a handset and waits until its personas are up. What runs there is stopped first, unless it is the same image on
 * the same hardware: then it stays and is only waited for, so that a start can be repeated. Throws a UserError when another process
 * works on the handset, and a NotReadyError when a persona does not come up (the handset then stays, to be looked at). When the
 * signal aborts, a handset that this call has started is ended.
 */
export async function startHandset(spec: HandsetSpec, image: ImageReference, options: StartOptions): Promise<HandsetState> {
	const folder = handsetDir(spec.id);
	return withOperationLock(dirname(folder), LOCK.operation(spec.id), `handset ${spec.id} is being started`, async () => {
		const running = await adoptable(folder, spec, image, options);
		const record = running ?? (await boot(folder, spec, image, options));
		try {
			await handOver(spec.id, options.secrets ?? []);
			await awaitReady(folder, record, options.personas, options);
			await accept(folder, record, image);
		} catch (error) {
			if (options.signal?.aborted === true && running === undefined) await abandon(folder, record);
			throw error;
		}
		return stateOf(record);
	});
}

/**
 * Makes the folder of a handset that is not to run yet, so that it is known. One that is there stays as it is.
 */
export async function createHandset(spec: HandsetSpec): Promise<void> {
	const folder = handsetDir(spec.id);
	await withOperationLock(dirname(folder), LOCK.operation(spec.id), `handset ${spec.id} is being made`, async () => {
		makePrivate(folder);
		if (existsSync(join(folder, FILE.record))) return;
		await writeRecord(folder, { ...newRecord(folder, spec), imageDigest: "", phase: "stopped", personas: [] });
	});
}

/** Starts again the personas of a running handset that have ended, and waits until all that are named are up. */
export async function restartPersonas(
	id: string,
	personas: readonly ReadyExpectation[],
	options: Omit<StartOptions, "personas">,
): Promise<HandsetState> {
	const folder = handsetDir(id);
	return withOperationLock(dirname(folder), LOCK.operation(id), `personas of handset ${id} are being started`, async () => {
		const record = await readRecord(folder);
		if (record === undefined || !isAlive(record.qemu)) throw new UserError(`handset ${id} does not run`);
		const client = await controlClient(id);
		const after = new Map<string, number>();
		try {
			for (const { name } of personas) {
				const { state, starts } = await client.personaStatus(name);
				if (state === "running" || state === "starting" || state === "paused") continue;
				options.progress?.(`persona ${name} is ${state}: starting it`);
				after.set(name, starts);
				await client.restart(name);
			}
		} finally {
			client.close();
		}
		await awaitReady(folder, record, personas, { ...options, after });
		return stateOf(record);
	});
}

/** All personas are READY with a signed image: from now on neither Veil nor we go back behind it. */
async function accept(folder: string, { id, imageVersion }: HandsetRecord, { trustedKeys = [] }: ImageReference): Promise<void> {
	if (imageVersion === undefined) return;
	const client = await controlClient(id);
	try {
		await client.accept();
	} finally {
		client.close();
	}
	await writeAccepted(folder, { imageVersion, trusted: trustedKeys.map(({ fingerprint }) => fingerprint) });
}

/** Before anything waits for a persona that may itself wait for the key of a volume. */
async function handOver(id: string, secrets: readonly PersonaSecret[]): Promise<void> {
	if (secrets.length === 0) return;
	const client = await controlClient(id);
	try {
		for (const secret of secrets) await client.secret(secret);
	} finally {
		client.close();
	}
}

/** The record of what runs, when it is what is asked for. */
async function adoptable(
	folder: string,
	spec: HandsetSpec,
	image: ImageReference,
	options: StartOptions,
): Promise<HandsetRecord | undefined> {
	const record = await readRecord(folder).catch(() => undefined);
	if (record?.phase !== "running" || !isAlive(record.qemu)) return undefined;
	if (record.board !== spec.board || canonicalJson(record.qemuOptions) !== canonicalJson(spec.qemu)) return undefined;
	await ensureBridge(folder, record);
	const adopted = await adoptPolicy(folder, record, image, options);
	return adopted ?? (record.imageDigest === image.digest ? record : undefined);
}

async function boot(folder: string, spec: HandsetSpec, image: ImageReference, options: StartOptions): Promise<HandsetRecord> {
	const { signal, progress } = options;
	const facts = await readImageFacts(image, signal);
	if (facts.board !== spec.board)
		throw new UserError(`the image is for board ${facts.board}, handset ${spec.id} is a ${spec.board}`);
	if (facts.cpus > spec.qemu.cpus) {
		throw new UserError(`the image wants ${facts.cpus} CPUs, handset ${spec.id} has ${spec.qemu.cpus}`, {
			remedy: "give the handset as many, or compose the image for fewer",
		});
	}
	await checkImage(image, facts.signature, signal);
	checkStep(spec.id, await readAccepted(folder), facts.signature);
	if (existsSync(folder)) await stopLocked(folder);
	signal?.throwIfAborted();
	await useVolumes(folder, facts.volumes);
	if (facts.signature !== undefined && !startsFromFlash(spec.board)) await keepVersions(folder);
	prepare(folder);
	for (const file of [FILE.record, FILE.state]) await removeHalfWritten(folder, `.${file}.`);
	await rm(join(folder, FILE.state), { force: true });
	let record: HandsetRecord = {
		...newRecord(folder, spec),
		imageDigest: image.digest,
		base: facts.base,
		policyDigest: facts.policyDigest,
		...optional("imageVersion", facts.signature?.version),
		phase: "starting",
		personas: recordedPersonas(facts, options.personas),
	};
	makePrivate(record.sockets);
	await writeRecord(folder, record);
	if (startsFromFlash(spec.board)) {
		if (image.writeFlash === undefined) throw new Error(`board ${spec.board} starts from flash, and nothing writes it`);
		progress?.("writing the flash");
		await image.writeFlash(join(folder, FILE.flash));
	}
	progress?.(`starting QEMU with ${facts.ramMiB} MiB`);
	const { command, args } = qemuCommand(spec, folder, image.path, facts);
	const qemu = await launch(command, args, record.sockets, join(folder, FILE.qemuLog));
	record = { ...record, qemu: qemu.identity };
	try {
		await writeRecord(folder, record);
		const bridge = ensureBridge(folder, record);
		// Looked at below; a QEMU that does not start says more than the bridge that misses it.
		bridge.catch(() => {});
		const up = async () => qemu.ended() !== undefined || (await listens(join(record.sockets, SOCKET.qmp)));
		await waitUntil(up, { deadlineMs: QEMU_MS, everyMs: 5, signal });
		if (qemu.ended() !== undefined) {
			throw new UserError(`QEMU does not start (${qemu.ended()})\n${await lastQemuLines(folder, 10)}`, {
				where: `handset ${spec.id}`,
				remedy: "`persona doctor` checks QEMU",
			});
		}
		await bridge;
		signal?.throwIfAborted();
		await qmp(join(record.sockets, SOCKET.qmp), { execute: "cont" }, QEMU_MS);
		record = { ...record, phase: "running" };
		await writeRecord(folder, record);
		return record;
	} catch (error) {
		await abandon(folder, record);
		throw error;
	}
}

/** Ends at once what a call has begun. */
async function abandon(folder: string, record: HandsetRecord): Promise<void> {
	if (record.qemu !== undefined) await endProcess(record.qemu);
	await stopLocked(folder);
}

/** Makes the folder; the logs of the boot before become the previous ones. */
function prepare(folder: string): void {
	makePrivate(folder);
	mkdirSync(join(folder, FILE.logs), { recursive: true, mode: 0o700 });
	const logs = join(folder, FILE.logs);
	for (const name of readdirSync(logs)) if (name.endsWith(".log")) renameSync(join(logs, name), previousLog(join(logs, name)));
}

export function newRecord(folder: string, spec: HandsetSpec): Omit<HandsetRecord, "imageDigest" | "phase" | "personas"> {
	return {
		version: 1,
		id: spec.id,
		...(spec.label === undefined ? {} : { label: spec.label }),
		board: spec.board,
		qemuOptions: spec.qemu,
		...(spec.usb === undefined ? {} : { isTablet: true as const }),
		starter: self(),
		startedAt: new Date().toISOString(),
		sockets: socketDir(folder),
	};
}

export function recordedPersonas(facts: ImageFacts, expected: readonly ReadyExpectation[]): HandsetRecord["personas"] {
	return facts.personas.map(({ name, label, colour, startAtBoot, surface }) => {
		if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new UserError("a persona of the image has a name that cannot be a file's");
		const readyMarker = expected.find((candidate) => candidate.name === name)?.readyMarker ?? null;
		return { name, label, colour, startAtBoot, readyMarker, ...(surface === undefined ? {} : { surface }) };
	});
}

async function stateOf(record: HandsetRecord): Promise<HandsetState> {
	const observation = await observeHandset(record.id);
	if (!observation.alive || record.qemu === undefined) throw new UserError(observation.problem ?? "the handset has ended");
	return { ...observation, pid: record.qemu.pid, startedAt: record.startedAt, endpoints: endpoints(record) };
}
