// SPDX-License-Identifier: Apache-2.0
// Deployment: a device image running on a handset. Reading it finds drift, updating it repairs, and a bad image is taken back.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Observation, PersonaObservation, ReadyExpectation } from "../../handset/index.ts";
import type { Artifact } from "../../image/index.ts";
import { UserError } from "../../util/errors.ts";
import { type Change, differences } from "../diff.ts";
import { messageOf, PartialFailure } from "../failure.ts";
import { type DeploymentRecord, type HandsetRecord, readRecord, writeRecord } from "../handset-record.ts";
import { InputReader } from "../inputs.ts";
import type { Kind, Recorded } from "../kind.ts";
import { asValue, hasUnknown, isObject, type Properties, UNKNOWN, type Value } from "../properties.ts";
import type { Operation } from "../session.ts";
import type { PersonaSecret } from "../stages.ts";
import { readTrustedKeys, trustedKeysOf } from "../trusted-keys.ts";
import { elsewhere, notHere } from "./handset.ts";

/** `<handset>/<random>`: one handset may see several deployments in its life, and an old one must not end a new one. */
function newId(handset: string): string {
	return `${handset}/${randomBytes(4).toString("hex")}`;
}

function handsetOf(id: string): string {
	return id.split("/")[0] ?? id;
}

function personasOf(inputs: Properties): ReadyExpectation[] {
	return Array.isArray(inputs.personas) ? (inputs.personas as unknown as ReadyExpectation[]) : [];
}

/** The keys of encrypted volumes, by the names under which the guests look for them. */
function secretsFor(inputs: Properties): PersonaSecret[] {
	const volumes = Array.isArray(inputs.volumes) ? inputs.volumes : [];
	return volumes.flatMap((volume) => {
		if (!isObject(volume) || typeof volume.key !== "string" || volume.key === "") return [];
		return [{ persona: String(volume.persona), name: `volume-${String(volume.name)}`, value: Buffer.from(volume.key, "base64") }];
	});
}

function text(value: Value | undefined): string | null {
	return typeof value === "string" ? value : null;
}

/** What a preview says will be true. */
function predicted(inputs: Properties, isObserved: Value): Properties {
	const { handset = UNKNOWN, image = UNKNOWN, running = true } = inputs;
	const key = running === false ? "" : image;
	return { handset, image: key, runningKey: key, running, observed: isObserved, crashed: [], host: hostname() };
}

/** What is true of the handset, against what was started on it last. A tablet that was flashed runs, for all that is known. */
function observed(handset: string, record: HandsetRecord, seen: Observation): Properties {
	const running = isUp(seen);
	const known = [record.deployment?.image, record.lastGood?.image].find((image) => image?.digest === seen.imageDigest);
	const key = !running ? "" : (known?.key ?? `another image, ${seen.imageDigest ?? "of no known digest"}`);
	const crashed = seen.personas.filter(({ state }) => running && state === "crashed").map(({ name }) => name);
	const isObserved = record.spec.usb === undefined;
	return { handset, image: key, runningKey: key, running, observed: isObserved, crashed, host: hostname() };
}

/** Whether something of somebody is on it. */
function isTaken({ alive, flashedAt }: Observation): boolean {
	return alive || flashedAt !== undefined;
}

function isUp({ alive, responding, flashedAt }: Observation): boolean {
	return (alive && responding) || flashedAt !== undefined;
}

/** Marks in the record what is about to run, so that whoever comes after a kill knows. */
async function claim(operation: Operation, record: HandsetRecord, deployment: DeploymentRecord): Promise<HandsetRecord> {
	const claimed = { ...record, deployment };
	await writeRecord(operation.stages.handsets, claimed);
	return claimed;
}

function recordFor(id: string, urn: string, inputs: Properties, image: DeploymentRecord["image"]): DeploymentRecord {
	const { trustedKeys } = inputs;
	const trust = Array.isArray(trustedKeys) && trustedKeys.length > 0 ? { trustedKeys: trustedKeys.map(String) } : {};
	return { id, urn, image, personas: personasOf(inputs), hardware: text(inputs.hardware), ...trust };
}

async function artifactOf(operation: Operation, key: string): Promise<Artifact> {
	return operation.recipes.obtain(key, "the device image", operation.stages, operation.work);
}

async function start(
	operation: Operation,
	record: HandsetRecord,
	artifact: Artifact,
	personas: ReadyExpectation[],
	inputs: Properties,
): Promise<Observation> {
	const { path, digest } = artifact;
	// Of what is started, which in going back is not what is declared.
	const trustedKeys = trustedKeysOf(asValue(record.deployment?.trustedKeys ?? []));
	const image = { path, digest, trustedKeys };
	return operation.stages.handsets.start(record.spec, image, personas, operation.work, secretsFor(inputs));
}

/** Whether the handset already is as declared, crashed personas apart. */
function isAsDeclared(seen: Observation, digest: string, record: HandsetRecord, inputs: Properties): boolean {
	const sameHardware = record.deployment?.hardware === text(inputs.hardware);
	return isUp(seen) && seen.imageDigest === digest && sameHardware;
}

/** Brings the handset to what the inputs declare. Throws when that fails, with whatever then runs left as it is. */
async function bring(operation: Operation, id: string, found: HandsetRecord, inputs: Properties): Promise<Properties> {
	const { handsets } = operation.stages;
	const handset = handsetOf(id);
	if (inputs.running === false) {
		if (found.spec.usb !== undefined)
			throw new UserError(`handset ${handset} is a tablet, which cannot be switched off from here`, {
				remedy: "leave out `running`",
			});
		await handsets.stop(handset);
		const record = await claim(operation, found, recordFor(id, operation.urn, inputs, null));
		return observed(handset, record, await handsets.observe(handset));
	}
	const artifact = await artifactOf(operation, String(inputs.image));
	const before = await handsets.observe(handset);
	const asDeclared = isAsDeclared(before, artifact.digest, found, inputs);
	const image = { key: String(inputs.image), digest: artifact.digest };
	const record = await claim(operation, found, recordFor(id, operation.urn, inputs, image));
	const seen = asDeclared
		? await heal(operation, before, inputs)
		: await start(operation, record, artifact, personasOf(inputs), inputs);
	await writeRecord(handsets, { ...record, lastGood: recordFor(id, operation.urn, inputs, image) });
	if (found.spec.usb !== undefined && !asDeclared) tellUnseen(operation, handset, seen);
	return observed(handset, record, seen);
}

/** Says what is known of a tablet, and what is not. */
function tellUnseen(operation: Operation, handset: string, { problem }: Observation): void {
	operation.warn(`handset ${handset} is a tablet: ${problem ?? "nothing is known of it"}`);
}

/** Starts again what has crashed on a handset that is right otherwise. */
async function heal(operation: Operation, before: Observation, inputs: Properties): Promise<Observation> {
	// What the user has stopped or paused stays so.
	const isIll = ({ state, ready }: PersonaObservation) =>
		state === "crashed" || (!ready && (state === "starting" || state === "running"));
	const ill = before.personas.filter(isIll).map(({ name }) => name);
	if (ill.length === 0) return before;
	const waited = personasOf(inputs).filter(({ name }) => ill.includes(name));
	return operation.stages.handsets.restart(before.id, waited, operation.work);
}

/** The state after a failure: whatever can be seen of the handset now. */
async function aftermath(operation: Operation, id: string): Promise<Properties> {
	const { handsets } = operation.stages;
	const handset = handsetOf(id);
	const record = await readRecord(handsets, handset);
	const nothing = { handset, image: "", runningKey: "", running: false, observed: true, crashed: [], host: hostname() };
	if (record === undefined) return nothing;
	try {
		return observed(handset, record, await handsets.observe(handset));
	} catch {
		return nothing;
	}
}

/** Puts the previous image back after the declared one did not come up. Throws what the user is to read in either case. */
async function fallBack(
	operation: Operation,
	old: Recorded,
	good: DeploymentRecord,
	inputs: Properties,
	failure: unknown,
): Promise<never> {
	const handset = handsetOf(old.id);
	try {
		const record = await readRecord(operation.stages.handsets, handset);
		if (record === undefined || good.image === null) throw failure;
		operation.work.progress("going back to the previous image");
		const artifact = await artifactOf(operation, good.image.key);
		await start(operation, await claim(operation, record, good), artifact, [...good.personas], inputs);
	} catch (second) {
		const text = second === failure ? "" : `\nGoing back to the previous image failed too: ${messageOf(second)}`;
		throw new PartialFailure(old.id, await aftermath(operation, old.id), new UserError(`${messageOf(failure)}${text}`));
	}
	throw new UserError(`${messageOf(failure)}\nThe previous image runs again.`);
}

function checkPersonas(reader: InputReader, personas: Value | undefined): void {
	if (personas === UNKNOWN || hasUnknown(personas)) return;
	const one = (item: Value) =>
		isObject(item) &&
		typeof item.name === "string" &&
		(item.readyMarker === null || item.readyMarker === undefined || typeof item.readyMarker === "string") &&
		typeof item.readyDeadlineSeconds === "number";
	if (!Array.isArray(personas) || !personas.every(one)) reader.fail("personas", "give the output `personas` of the DeviceImage");
}

function checkVolumes(reader: InputReader, volumes: Value | undefined): void {
	const isText = (value: Value | undefined) => typeof value === "string" || value === UNKNOWN;
	const one = (item: Value) =>
		item === UNKNOWN || (isObject(item) && ["id", "persona", "name", "key"].every((field) => isText(item[field])));
	if (volumes === undefined || volumes === UNKNOWN || (Array.isArray(volumes) && volumes.every(one))) return;
	reader.fail("volumes", "give id, persona, name and key of each Volume");
}

export const deployment: Kind = {
	refreshBeforeUpdate: true,
	containedSecrets: ["volumes"],

	async check(_operation, news) {
		const reader = new InputReader(news, ["handset", "image", "personas", "running", "hardware", "volumes", "trustedKeys"]);
		readTrustedKeys(reader, news.trustedKeys);
		reader.text("handset");
		reader.text("image");
		const running = reader.flag("running", true);
		checkPersonas(reader, news.personas);
		checkVolumes(reader, news.volumes);
		const personas = Array.isArray(news.personas)
			? news.personas.map((item) => (isObject(item) ? { readyMarker: null, ...item } : item))
			: (news.personas ?? UNKNOWN);
		return { inputs: { ...news, running, personas }, failures: reader.failures };
	},

	async diff(_operation, old, news) {
		const changes: Change[] = differences(old.inputs, news);
		const touched = (name: string) => changes.some(({ path }) => path[0] === name);
		const drift = (name: string, kind: Change["kind"]) => changes.push({ path: [name], kind, input: false });
		const { running, image, crashed } = old.outputs;
		if (running !== news.running && !touched("running")) drift("running", "update");
		if (news.running !== false && running === true && image !== old.inputs.image && !touched("image")) drift("image", "update");
		if (news.running !== false && Array.isArray(crashed) && crashed.length > 0) drift("crashed", "delete");
		// Another handset is another deployment: the new one comes up before the old one is stopped.
		return { changes, replaces: touched("handset") ? ["handset"] : [] };
	},

	async create(operation, inputs, preview) {
		if (preview) return { id: "", outputs: predicted(inputs, UNKNOWN) };
		const { handsets } = operation.stages;
		const handset = String(inputs.handset);
		const found = await readRecord(handsets, handset);
		if (found === undefined) throw notHere(handset, {});
		const user = found.deployment;
		if (user !== undefined && user.urn !== operation.urn && user.image !== null && isTaken(await handsets.observe(handset))) {
			throw new UserError(`handset ${handset} is used by ${user.urn}`, {
				remedy: "delete that deployment first, or use another handset",
			});
		}
		const id = newId(handset);
		try {
			return { id, outputs: await bring(operation, id, found, inputs) };
		} catch (error) {
			throw new PartialFailure(id, await aftermath(operation, id), error);
		}
	},

	async read(operation, recorded) {
		const { handsets } = operation.stages;
		const handset = handsetOf(recorded.id);
		const record = await readRecord(handsets, handset);
		if (Object.keys(recorded.outputs).length === 0) return record === undefined ? undefined : imported(operation, handset, record);
		if (record === undefined) {
			const host = elsewhere(recorded.outputs);
			if (host === undefined) return { ...recorded, outputs: await aftermath(operation, recorded.id) };
			operation.warn(`handset ${handset} is on ${host} and cannot be looked at from here; its last known state is shown`);
			return recorded;
		}
		const seen = await handsets.observe(handset);
		if (record.spec.usb !== undefined) tellUnseen(operation, handset, seen);
		else if (seen.problem !== undefined && recorded.inputs.running !== false) operation.warn(seen.problem);
		return { ...recorded, outputs: observed(handset, record, seen) };
	},

	async update(operation, old, news, preview) {
		if (preview) return predicted(news, old.outputs.observed ?? UNKNOWN);
		const { handsets } = operation.stages;
		const found = await readRecord(handsets, handsetOf(old.id));
		if (found === undefined) throw notHere(handsetOf(old.id), old.outputs);
		const good = found.lastGood;
		try {
			return await bring(operation, old.id, found, news);
		} catch (error) {
			const other = good?.image != null && good.image.key !== news.image && news.running !== false;
			// What is written on a tablet is written because somebody has said yes to it, and an interrupted write is gone on with.
			const mayFallBack = other && found.spec.usb === undefined;
			if (mayFallBack && !operation.work.signal.aborted) return fallBack(operation, old, good, news, error);
			throw new PartialFailure(old.id, await aftermath(operation, old.id), error);
		}
	},

	async remove(operation, old) {
		const { handsets } = operation.stages;
		const handset = handsetOf(old.id);
		const record = await readRecord(handsets, handset);
		if (record === undefined) {
			if (elsewhere(old.outputs) !== undefined) throw notHere(handset, old.outputs);
			return;
		}
		// A replacement has taken the handset over: what runs now is its.
		if (record.deployment !== undefined && record.deployment.id !== old.id) return;
		if (record.spec.usb === undefined) await handsets.stop(handset);
		else {
			operation.warn(
				`handset ${handset} is a tablet: nothing is erased, what was flashed stays on it and goes on running; ` +
					"the images to go back to are flashed with `0xFFFF -M FILE -f -r`",
			);
		}
		if (record.deployment !== undefined) await claim(operation, record, { ...record.deployment, image: null });
	},
};

/** A deployment taken over from a handset that runs: its inputs are what it was started with. */
async function imported(operation: Operation, handset: string, record: HandsetRecord): Promise<Recorded> {
	const { deployment } = record;
	if (deployment === undefined) {
		throw new UserError(`nothing was ever deployed to handset ${handset}`, { remedy: "declare the Deployment without `import`" });
	}
	const seen = await operation.stages.handsets.observe(handset);
	const inputs: Properties = {
		handset,
		image: deployment.image?.key ?? "",
		personas: asValue(deployment.personas),
		running: deployment.image !== null,
		...(deployment.hardware === null ? {} : { hardware: deployment.hardware }),
		...(deployment.trustedKeys === undefined ? {} : { trustedKeys: [...deployment.trustedKeys] }),
	};
	return { id: deployment.id, inputs, outputs: observed(handset, record, seen) };
}
