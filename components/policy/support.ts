// SPDX-License-Identifier: Apache-2.0
// What a board cannot do: refused, never ignored. Boards say under `supports` what works today.
import {
	type Board,
	type DocumentPath,
	type Loaded,
	listed,
	type Persona,
	type PhoneDraft,
	type Problem,
	shown,
} from "../manifest/index.ts";
import { keyProblem, valueProblem } from "./problems.ts";

const architectures: Record<Persona["guest"]["os"], readonly Board["architecture"][]> = {
	linux: ["arm64", "armv6"],
	android: ["arm64"],
	wince: ["armv6"],
	baremetal: ["arm64", "armv6"],
};

/** Problems of asking for what the board lacks or does not support yet. */
export function checkSupport(draft: PhoneDraft): Problem[] {
	const { board, personas } = draft;
	if (board === undefined) return [];
	return [
		...phone(draft, board.document),
		...personas.flatMap((persona) => personaSupport(persona, board.document)),
		...policy(draft, board.document),
	];
}

/** `… not supported by board X yet; allowed: …` */
function unsupported(board: Board, what: string, allowed: readonly string[]): string {
	return `${what} not supported by board ${board.name} yet; allowed: ${allowed.length === 0 ? "nothing" : listed(allowed)}`;
}

function phone({ phone, personas }: PhoneDraft, board: Board): Problem[] {
	if (phone === undefined) return [];
	const { target, personas: named } = phone.document;
	const problems: Problem[] = [];
	if (!board.supports.targets.includes(target.via)) {
		problems.push(valueProblem(phone, ["target", "via"], unsupported(board, `is ${target.via},`, board.supports.targets)));
	}
	if (target.cpus > board.cpu.maxCount) {
		problems.push(
			valueProblem(phone, ["target", "cpus"], `is ${target.cpus}; allowed: at most ${board.cpu.maxCount} on board ${board.name}`),
		);
	}
	if (named.length > board.limits.personas) {
		problems.push(
			valueProblem(
				phone,
				["personas"],
				`has ${named.length} entries; allowed: at most ${board.limits.personas} on board ${board.name}`,
			),
		);
	}
	for (const persona of personas) {
		const { cpus } = persona.document.resources;
		const most = Math.min(board.limits.virtualCpus, target.cpus);
		if (cpus <= most) continue;
		problems.push(
			valueProblem(persona, ["resources", "cpus"], `is ${cpus}; allowed: at most ${most}, the CPUs of the phone (its target.cpus)`),
		);
	}
	return problems;
}

function personaSupport(persona: Loaded<Persona>, board: Board): Problem[] {
	const { guest, resources, storage, devices } = persona.document;
	const { supports } = board;
	const problems: Problem[] = [];
	const refuse = (path: DocumentPath, what: string, allowed: readonly string[]) =>
		problems.push(valueProblem(persona, path, unsupported(board, what, allowed)));
	if (!architectures[guest.os].includes(board.architecture)) {
		const able = listed(Object.entries(architectures).flatMap(([os, on]) => (on.includes(board.architecture) ? [os] : [])));
		problems.push(
			valueProblem(
				persona,
				["guest", "os"],
				`is ${guest.os}, which does not run on ${board.architecture} (board ${board.name}); allowed: ${able}`,
			),
		);
	} else if (!supports.systems.includes(guest.os)) {
		refuse(["guest", "os"], `is ${guest.os},`, supports.systems);
	}
	if (!supports.builders.includes(guest.builder)) refuse(["guest", "builder"], `is ${guest.builder},`, supports.builders);
	if (!supports.background.includes(resources.whenInBackground)) {
		refuse(["resources", "whenInBackground"], `is ${resources.whenInBackground},`, supports.background);
	}
	for (const device of ["display", "input", "audio", "agent"] as const) {
		if (devices[device] && !supports.devices.includes(device)) refuse(["devices", device], "is true,", ["false"]);
	}
	if (devices.network !== "none" && !supports.devices.includes("network")) {
		refuse(["devices", "network"], `is ${shown(devices.network)}, but networks are`, ["none"]);
	}
	for (const [i, { encrypted }] of storage.entries()) {
		const kind = encrypted ? "encrypted" : "plain";
		if (!supports.storage.includes(kind))
			refuse(["storage", i], `asks for ${encrypted ? "an encrypted volume" : "a volume"}, which is`, supports.storage);
	}
	return problems;
}

function policy({ policy }: PhoneDraft, board: Board): Problem[] {
	if (policy === undefined) return [];
	const { networks, channels, switching } = policy.document;
	const { supports } = board;
	const problems: Problem[] = [];
	if (!supports.devices.includes("network")) {
		for (const name of Object.keys(networks))
			problems.push(keyProblem(policy, ["networks", name], unsupported(board, "declares a network, which is", [])));
	}
	for (const [i, { carries }] of channels.entries()) {
		if (supports.channels.includes(carries)) continue;
		problems.push(
			valueProblem(
				policy,
				["channels", i],
				unsupported(board, `asks for a channel that carries ${carries}, which is`, supports.channels),
			),
		);
	}
	for (const key of ["hotkey", "lockOnLeave"] as const) {
		if (switching[key].length === 0 || supports.switching.includes(key)) continue;
		problems.push(keyProblem(policy, ["switching", key], unsupported(board, "is", [])));
	}
	return problems;
}
