// SPDX-License-Identifier: Apache-2.0
// Handset: one device, emulated or flashed. It owns a run folder and an identity; what runs on it is a Deployment's business.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { HandsetSpec, UsbSpec } from "../../handset/index.ts";
import { isSameTablet, type UsbIdentity } from "../../handset/usb-device.ts";
import { usbTargetProblem } from "../../policy/usb-target.ts";
import { isAlive, processToken } from "../../util/alive.ts";
import { canonicalJson, sha256 } from "../../util/digest.ts";
import { UserError } from "../../util/errors.ts";
import { differences } from "../diff.ts";
import { allRecords, markRemoved, readRecord, removedHandsets, writeRecord } from "../handset-record.ts";
import { InputReader } from "../inputs.ts";
import type { Kind } from "../kind.ts";
import { hasUnknown, isObject, type Properties, UNKNOWN, type Value } from "../properties.ts";
import type { Operation } from "../session.ts";

const MOST_CPUS = 8;
/** Said in every preview and update until a board's document says otherwise. */
const UNPROVEN =
	"flashing this board over USB has been tried with a stand-in for 0xFFFF and an emulated tablet's flash, never on a real tablet; " +
	"docs/guide/n800.md lists what only hardware can prove";

function targetOf(inputs: Properties): { via: Value; cpus: Value } {
	const target = isObject(inputs.target) ? inputs.target : {};
	return { via: target.via ?? "qemu", cpus: target.cpus ?? 2 };
}

/** The tablet of a target; undefined where it is not to be flashed. */
function usbOf(inputs: Properties): Properties | undefined {
	const usb = isObject(inputs.target) ? inputs.target.usb : undefined;
	return isObject(usb) ? usb : undefined;
}

async function usbSpec(operation: Operation, inputs: Properties): Promise<UsbSpec | undefined> {
	const usb = usbOf(inputs);
	if (usb === undefined) return undefined;
	const { flashing } = (await operation.stages.loadBoard(String(inputs.board))).document;
	if (flashing === undefined) throw new UserError(`board ${String(inputs.board)} cannot be flashed`);
	const { backup, charged } = usb;
	return { kind: flashing, target: { identity: identityOf(usb), backup: String(backup), isCharged: charged === true } };
}

function identityOf({ serial, port }: Properties): UsbIdentity {
	return {
		...(serial === undefined ? {} : { serial: String(serial) }),
		...(port === undefined ? {} : { port: String(port) }),
	};
}

function isSamePhone(one: UsbSpec | undefined, other: UsbSpec | undefined): boolean {
	if (one === undefined || other === undefined) return one === other;
	return isSameTablet(one.target.identity, other.target.identity);
}

function checkUsb(reader: InputReader, news: Properties): void {
	const { via } = targetOf(news);
	const usb = usbOf(news);
	const problem = usbTargetProblem(via, usb);
	if (problem !== undefined) reader.fail(`target.${problem.key}`, problem.what);
	if (via !== "usb" || usb === undefined) return;
	const allowed = ["serial", "port", "backup", "charged"];
	for (const name of Object.keys(usb))
		if (!allowed.includes(name)) reader.fail(`target.usb.${name}`, `there is no such option; allowed are ${allowed.join(", ")}`);
	if (usb.backup === undefined) reader.fail("target.usb.backup", "is missing; name a complete FIASCO image to go back to");
}

function specOf(id: string, inputs: Properties, urn: string, usb: UsbSpec | undefined): HandsetSpec {
	const [head = "", project = "", , ...name] = urn.split("::");
	const stack = head.split(":")[2] ?? "";
	return {
		id,
		board: String(inputs.board),
		label: [project, stack, name.join("::")].filter((part) => part !== "").join("/"),
		qemu: { cpus: Number(targetOf(inputs).cpus), cpu: String(inputs.cpu) },
		...(usb === undefined ? {} : { usb }),
	};
}

function inputsOf(spec: HandsetSpec): Properties {
	const { board, qemu, usb } = spec;
	const target: Properties =
		usb === undefined
			? { via: "qemu", cpus: qemu.cpus }
			: { via: "usb", cpus: qemu.cpus, usb: { ...usb.target.identity, backup: usb.target.backup, charged: usb.target.isCharged } };
	return { board, target, cpu: qemu.cpu };
}

function outputsOf(inputs: Properties, host: string): Properties {
	const { board = UNKNOWN } = inputs;
	return { board, hardware: hasUnknown(inputs) ? UNKNOWN : hardwareOf(inputs), host };
}

/** Changes whenever a running phone has to be started again to be on the hardware declared. */
function hardwareOf(inputs: Properties): string {
	return sha256(canonicalJson({ board: inputs.board, target: targetOf(inputs), cpu: inputs.cpu }));
}

/** A folder name out of a resource name, with something random so that no two handsets ever share one. */
function newId(name: string): string {
	const readable = name
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 40);
	return `${readable === "" ? "handset" : readable}-${randomBytes(4).toString("hex")}`;
}

/** What an earlier, killed attempt at the same resource left: a folder nothing ever ran in, whose maker is gone. */
async function removeLeftovers(operation: Operation): Promise<void> {
	const { handsets } = operation.stages;
	for (const record of await allRecords(handsets)) {
		const { creator } = record;
		if (record.urn !== operation.urn || record.deployment !== undefined) continue;
		if (isAlive(creator.pid, creator.token ?? undefined)) continue;
		if (await handsets.remove(record.spec.id)) await markRemoved(handsets, record);
	}
}

/** True when the handset was made on another machine than this one. */
export function elsewhere(outputs: Properties): string | undefined {
	const { host } = outputs;
	return typeof host === "string" && host !== hostname() ? host : undefined;
}

export const handset: Kind = {
	refreshBeforeUpdate: true,

	async check(operation, news) {
		const reader = new InputReader(news, ["board", "target"]);
		const board = reader.text("board");
		if (news.target === UNKNOWN || board === UNKNOWN) return { inputs: { ...news, cpu: UNKNOWN }, failures: reader.failures };
		if (news.target !== undefined && !isObject(news.target))
			reader.fail("target", 'must be an object such as { via: "qemu", cpus: 2 }');
		const target = targetOf(news);
		if (target.via !== "qemu" && target.via !== "usb" && target.via !== UNKNOWN) reader.fail("target.via", "must be qemu or usb");
		checkUsb(reader, news);
		const cpus = reader.whole("target.cpus", target.cpus, 1, MOST_CPUS, 2);
		const stray = Object.keys(isObject(news.target) ? news.target : {}).filter((name) => !["via", "cpus", "usb"].includes(name));
		for (const name of stray) reader.fail(`target.${name}`, "there is no such option; allowed are via, cpus, usb");
		if (reader.failures.length > 0) return { inputs: news, failures: reader.failures };
		const { cpu, supports, flashing } = (await operation.stages.loadBoard(board)).document;
		if (target.via !== UNKNOWN && !supports.targets.some((one) => one === target.via)) {
			reader.fail("target.via", `is ${String(target.via)}; board ${board} can be reached by ${supports.targets.join(", ")}`);
			return { inputs: news, failures: reader.failures };
		}
		const usb = usbOf(news);
		if (target.via === "usb" && flashing?.provenOnHardware !== true) operation.warn(UNPROVEN);
		const wanted: Properties = { via: target.via, cpus, ...(usb === undefined ? {} : { usb: { charged: false, ...usb } }) };
		return { inputs: { board, target: wanted, cpu: cpu.model }, failures: [] };
	},

	async diff(_operation, old, news) {
		const changes = differences(old.inputs, news);
		const replaces = ["board", "target.via"].filter((name) =>
			changes.some(({ path }) => path.join(".") === name || (name === "target.via" && path.length === 1 && path[0] === "target")),
		);
		const [before, after] = [usbOf(old.inputs), usbOf(news)];
		const isAnother = before !== undefined && after !== undefined && !isSameTablet(identityOf(before), identityOf(after));
		return { changes, replaces: isAnother ? [...replaces, "target.usb"] : replaces };
	},

	async create(operation, inputs, preview) {
		if (preview) return { id: "", outputs: outputsOf(inputs, hostname()) };
		const { handsets } = operation.stages;
		await removeLeftovers(operation);
		// A phone whose volumes were kept is the same phone again: they are on its disk. So is a tablet, whose images are kept, but no other one.
		const usb = await usbSpec(operation, inputs);
		const kept = (await removedHandsets(handsets, operation.urn)).find((spec) => isSamePhone(spec.usb, usb));
		const id = kept?.id ?? newId(operation.name);
		const spec = specOf(id, inputs, operation.urn, usb);
		await handsets.create(spec);
		const creator = { pid: process.pid, token: processToken(process.pid) ?? null };
		await writeRecord(handsets, { version: 1, urn: operation.urn, spec, creator });
		return { id, outputs: outputsOf(inputs, hostname()) };
	},

	async read(operation, recorded) {
		const { handsets } = operation.stages;
		const record = await readRecord(handsets, recorded.id);
		if (record !== undefined) {
			const inputs = inputsOf(record.spec);
			return { id: recorded.id, inputs, outputs: outputsOf(inputs, hostname()) };
		}
		if (Object.keys(recorded.outputs).length === 0) return undefined;
		const host = elsewhere(recorded.outputs);
		if (host === undefined) return undefined;
		operation.warn(`handset ${recorded.id} is on ${host} and cannot be looked at from here; its last known state is shown`);
		return recorded;
	},

	async update(operation, old, news, preview) {
		if (preview) return outputsOf(news, String(old.outputs.host));
		const { handsets } = operation.stages;
		const record = await readRecord(handsets, old.id);
		if (record === undefined) throw notHere(old.id, old.outputs);
		const spec = specOf(old.id, news, operation.urn, await usbSpec(operation, news));
		await handsets.create(spec);
		await writeRecord(handsets, { ...record, urn: operation.urn, spec });
		return outputsOf(news, hostname());
	},

	async remove(operation, old) {
		const { handsets } = operation.stages;
		const record = await readRecord(handsets, old.id);
		if (record === undefined && elsewhere(old.outputs) !== undefined) throw notHere(old.id, old.outputs);
		const stays = await handsets.remove(old.id);
		if (!stays || record === undefined) return;
		await markRemoved(handsets, record);
		if (record.spec.usb !== undefined)
			operation.warn(`the images to go back to are kept in ${handsets.folder(old.id)}, until you remove that folder`);
	},
};

/** The error for work on a handset whose folder is not on this machine. */
export function notHere(id: string, outputs: Properties): UserError {
	const host = elsewhere(outputs);
	return host === undefined
		? new UserError(`handset ${id} is gone from this machine`, { remedy: "run `pulumi refresh`, then `pulumi up` makes a new one" })
		: new UserError(`handset ${id} is on ${host}`, { remedy: `run pulumi there, or give it up with \`pulumi state delete\`` });
}
