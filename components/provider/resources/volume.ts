// SPDX-License-Identifier: Apache-2.0
// Volume: a persona's storage on a handset's disk. It outlives device images, grows in place, and is never replaced by an empty one.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { UserError } from "../../util/errors.ts";
import { type Change, differences } from "../diff.ts";
import { readRecord } from "../handset-record.ts";
import { InputReader } from "../inputs.ts";
import type { Kind, Recorded } from "../kind.ts";
import { hasUnknown, type Properties, UNKNOWN, type Value } from "../properties.ts";
import type { Operation } from "../session.ts";
import type { StoredVolume, VolumeId } from "../stages.ts";
import { elsewhere, notHere } from "./handset.ts";

const KEY_BYTES = 64;
const MOST_MIB = 1 << 20;
/** What ext4 needs, and the LUKS2 header with it. */
const LEAST_MIB = { plain: 1, ext4: 4, encrypted: 16 };
/** What cannot change in the life of a volume. */
const FIXED = ["encrypted", "fileSystem"] as const;
const NAME = /^[a-z][a-z0-9-]{0,30}$/;

function idOf(inputs: Properties): VolumeId {
	return { handset: String(inputs.handset), persona: String(inputs.persona), name: String(inputs.name) };
}

function parseId(id: string): VolumeId {
	const [handset = "", persona = "", name = "", ...more] = id.split("/");
	if (more.length === 0 && handset !== "" && persona !== "" && name !== "") return { handset, persona, name };
	throw new UserError(`"${id}" is no id of a volume`, { remedy: "give HANDSET/PERSONA/NAME as `persona volume list` shows it" });
}

function outputsOf(inputs: Properties, key: Value): Properties {
	const { handset = UNKNOWN, persona = UNKNOWN, name = UNKNOWN, sizeMiB = UNKNOWN, encrypted = UNKNOWN } = inputs;
	return { handset, persona, name, sizeMiB, encrypted, key, host: hostname() };
}

function inputsOf(id: VolumeId, { sizeMiB, encrypted, fileSystem }: StoredVolume): Properties {
	return { ...id, sizeMiB, encrypted, fileSystem, onDelete: "keep" };
}

function keyBytes(key: Value | undefined): Uint8Array | undefined {
	return typeof key === "string" && key !== "" ? Buffer.from(key, "base64") : undefined;
}

/** An empty text where there is none, so that a program need not ask. */
function keyFor(inputs: Properties, fallback: Value): Value {
	if (inputs.encrypted === UNKNOWN) return UNKNOWN;
	if (inputs.encrypted !== true) return "";
	return inputs.key ?? fallback;
}

function checkSize(reader: InputReader, inputs: Properties): void {
	const { sizeMiB, encrypted, fileSystem } = inputs;
	const least = encrypted === true ? LEAST_MIB.encrypted : fileSystem === "ext4" ? LEAST_MIB.ext4 : LEAST_MIB.plain;
	if (typeof sizeMiB === "number" && sizeMiB < least)
		reader.fail("sizeMiB", `is ${sizeMiB}; such a volume needs at least ${least}`);
}

async function find(operation: Operation, id: VolumeId): Promise<StoredVolume | undefined> {
	return operation.stages.handsets.volumes.find(id);
}

export const volume: Kind = {
	refreshBeforeUpdate: false,
	secretOutputs: ["key"],
	containedSecrets: ["key"],

	async check(_operation, news, olds) {
		const names = ["handset", "persona", "name", "sizeMiB", "encrypted", "fileSystem", "contents", "onDelete", "key"];
		const reader = new InputReader(news, names);
		reader.text("handset");
		for (const name of ["persona", "name"] as const) {
			const text = reader.text(name);
			if (typeof text === "string" && text !== "" && !NAME.test(text))
				reader.fail(name, "must be lower-case letters, digits and `-`, starting with a letter, at most 31 characters");
		}
		const sizeMiB = reader.whole("sizeMiB", news.sizeMiB, 1, MOST_MIB, 0);
		if (news.sizeMiB === undefined) reader.fail("sizeMiB", "is missing; give the size in MiB");
		const encrypted = reader.flag("encrypted", false);
		const fileSystem = news.fileSystem ?? "ext4";
		if (fileSystem !== UNKNOWN && fileSystem !== "ext4" && fileSystem !== "none") reader.fail("fileSystem", "must be ext4 or none");
		const onDelete = news.onDelete ?? "keep";
		if (onDelete !== UNKNOWN && onDelete !== "keep" && onDelete !== "wipe") reader.fail("onDelete", "must be keep or wipe");
		if (news.contents !== undefined && news.contents !== UNKNOWN && typeof news.contents !== "string")
			reader.fail("contents", "must be the path of a folder, relative to that of Pulumi.yaml");
		if (typeof news.key === "string" && keyBytes(news.key)?.length !== KEY_BYTES)
			reader.fail("key", `must be ${KEY_BYTES} bytes in base64`);
		const inputs: Properties = { ...news, sizeMiB, encrypted, fileSystem, onDelete };
		checkSize(reader, inputs);
		const sameVolume = olds.persona === news.persona && olds.name === news.name;
		if (sameVolume && typeof olds.sizeMiB === "number" && typeof sizeMiB === "number" && sizeMiB < olds.sizeMiB) {
			reader.fail("sizeMiB", `is ${sizeMiB}; the volume has ${olds.sizeMiB} MiB and can grow, not shrink`);
		}
		for (const name of sameVolume ? FIXED : []) {
			if (inputs[name] === UNKNOWN || olds[name] === undefined || inputs[name] === olds[name]) continue;
			reader.fail(name, `cannot change from ${String(olds[name])}: make a volume of another name and move the files in the guest`);
		}
		return { inputs, failures: reader.failures };
	},

	async diff(_operation, old, news) {
		// Contents are what it began with.
		const changes: Change[] = differences(old.inputs, news, new Set(["contents", "key"]));
		const { sizeMiB, key } = old.outputs;
		const touched = (name: string) => changes.some(({ path }) => path[0] === name);
		if (sizeMiB !== news.sizeMiB && !touched("sizeMiB")) changes.push({ path: ["sizeMiB"], kind: "update", input: false });
		if (news.key !== undefined && news.key !== key) changes.push({ path: ["key"], kind: "update", input: true });
		return { changes, replaces: ["persona", "name"].filter(touched) };
	},

	async create(operation, inputs, preview) {
		if (preview) return { id: "", outputs: outputsOf(inputs, keyFor(inputs, UNKNOWN)) };
		const id = idOf(inputs);
		const { handsets, projectDir } = operation.stages;
		if ((await readRecord(handsets, id.handset))?.spec.usb !== undefined)
			throw new UserError(`handset ${id.handset} is a tablet, whose memory card cannot be reached over USB`, {
				remedy: "declare no volumes",
			});
		const key = keyFor(inputs, randomBytes(KEY_BYTES).toString("base64"));
		const bytes = keyBytes(key);
		operation.work.progress(`making ${String(inputs.sizeMiB)} MiB`);
		await handsets.volumes.make({
			id,
			sizeMiB: Number(inputs.sizeMiB),
			fileSystem: inputs.fileSystem === "none" ? "none" : "ext4",
			urn: operation.urn,
			keyIsGiven: inputs.key !== undefined,
			signal: operation.work.signal,
			...(typeof inputs.contents === "string" ? { contents: inputs.contents, baseDir: projectDir } : {}),
			...(bytes === undefined ? {} : { key: bytes }),
		});
		return { id: `${id.handset}/${id.persona}/${id.name}`, outputs: outputsOf(inputs, key) };
	},

	async read(operation, recorded): Promise<Recorded | undefined> {
		const id = parseId(recorded.id);
		const found = await find(operation, id);
		const isImport = Object.keys(recorded.outputs).length === 0;
		if (found === undefined) {
			const host = isImport ? undefined : elsewhere(recorded.outputs);
			if (host === undefined) return undefined;
			operation.warn(`volume ${recorded.id} is on ${host} and cannot be looked at from here; its last known state is shown`);
			return recorded;
		}
		if (!isImport) return { ...recorded, outputs: { ...recorded.outputs, sizeMiB: found.sizeMiB } };
		await operation.stages.handsets.volumes.attach(id, operation.urn);
		const inputs = inputsOf(id, found);
		return { id: recorded.id, inputs, outputs: outputsOf(inputs, "") };
	},

	async update(operation, old, news, preview) {
		const id = parseId(old.id);
		const key = keyFor(news, old.outputs.key ?? "");
		if (news.handset !== old.inputs.handset && !hasUnknown(news.handset)) {
			throw new UserError(`volume ${old.id} cannot move to handset ${String(news.handset)} yet`, {
				remedy: `keep its handset, or take it out of the declaration: \`onDelete: keep\` keeps what it holds`,
			});
		}
		if (preview) return outputsOf(news, key);
		if ((await find(operation, id)) === undefined) throw notHere(id.handset, old.outputs);
		const { volumes } = operation.stages.handsets;
		const bytes = keyBytes(news.key);
		if (bytes !== undefined && news.key !== old.outputs.key) await volumes.checkKey(id, bytes);
		await volumes.grow(id, Number(news.sizeMiB));
		return outputsOf(news, key);
	},

	async remove(operation, old) {
		const id = parseId(old.id);
		if ((await find(operation, id)) === undefined && elsewhere(old.outputs) !== undefined) throw notHere(id.handset, old.outputs);
		await operation.stages.handsets.volumes.release(id, old.inputs.onDelete === "wipe" ? "wipe" : "keep");
	},
};
