// SPDX-License-Identifier: Apache-2.0
// The control protocol's messages as values: requests are written, answers and events read, with names instead of numbers.
import {
	VEIL_LAST_RUN,
	VEIL_NO_PERSONA,
	veilEventState,
	veilLogHeader,
	veilReasonNames,
	veilRequest,
	veilResponse,
	veilStateNames,
	veilStatistics,
	veilStatusPersona,
	veilStatusSystem,
} from "../image/abi.ts";
import { printableLine } from "../util/printable.ts";
import type { Fault, PersonaReason, PersonaState } from "./types.ts";

/** A persona as Veil sees it. */
export interface PersonaStatus {
	readonly name: string;
	readonly state: PersonaState;
	readonly reason: PersonaReason;
	/** The guest has told Veil that it is up. */
	readonly saidReady: boolean;
	readonly foreground: boolean;
	readonly restarts: number;
	readonly starts: number;
	readonly cpuCount: number;
	/** Since boot, all virtual CPUs. */
	readonly cpuTimeNs: bigint;
	/** Bytes. */
	readonly memoryTotal: number;
	/** Bytes touched since its start. */
	readonly memoryTouched: number;
	readonly lastFault?: Fault;
}

/** The handset as Veil sees it. */
export interface SystemStatus {
	/** Hexadecimal; new at every boot. */
	readonly bootEpoch: string;
	readonly uptimeNs: bigint;
	/** Idle time of all physical CPUs together. */
	readonly idleNs: bigint;
	readonly cpus: number;
	readonly personas: number;
	/** Index of the persona in the foreground. */
	readonly foreground: number;
	/** Index of the persona shown beside it; undefined when it is shown alone. */
	readonly beside: number | undefined;
	readonly muxGarbage: number;
	readonly muxDropped: number;
	/** Bytes. */
	readonly memoryVeil: number;
	/** Bytes kept for restarts. */
	readonly memoryPayloads: number;
	readonly logNext: number;
}

/** One record of Veil's log. */
export interface LogRecord {
	readonly sequence: number;
	/** Index of the persona it is about, or undefined for Veil itself. */
	readonly persona: number | undefined;
	/** It was said before the handset was started last, and kept by Veil; said again now. */
	readonly isOfLastRun: boolean;
	/** Since boot. */
	readonly timeNs: bigint;
	readonly text: string;
}

/** Exits of one persona by cause, since boot. */
export type Statistics = Readonly<Record<string, bigint>>;

export interface Answer {
	readonly op: number;
	readonly persona: number;
	readonly id: number;
	readonly result: number;
	readonly data: Buffer;
}

/** A persona has changed its state. */
export interface StateEvent {
	readonly state: PersonaState;
	readonly reason: PersonaReason;
	readonly starts: number;
}

/** Writes a request. `persona` is an index, or undefined where an op has none. */
export function encodeRequest(op: number, persona: number | undefined, id: number, argument = 0): Buffer {
	return Buffer.from(veilRequest.encode({ op, persona: persona ?? VEIL_NO_PERSONA, id, argument }));
}

/** Reads the head of an answer or event; undefined when it is too short to be one. */
export function decodeAnswer(message: Buffer): Answer | undefined {
	if (message.length < veilResponse.size) return undefined;
	const { op, persona, id, result } = veilResponse.read(message);
	return { op, persona, id, result, data: message.subarray(veilResponse.size) };
}

/** The same message with another request id. */
export function withId(message: Buffer, id: number): Buffer {
	const copy = Buffer.from(message);
	copy.writeUInt16LE(id, veilRequest.offsetOf("id"));
	return copy;
}

export function decodeStateEvent(data: Uint8Array): StateEvent {
	const { state, reason, starts } = veilEventState.read(data);
	return { state: stateName(state), reason: reasonName(reason), starts };
}

export function decodePersonaStatus(data: Uint8Array): PersonaStatus {
	const raw = veilStatusPersona.read(data);
	const { syndrome, pc, address, vcpu } = raw.fault;
	const faulted = syndrome !== 0n || pc !== 0n || address !== 0n;
	return {
		name: printableLine(text(raw.name)),
		state: stateName(raw.state),
		reason: reasonName(raw.reason),
		saidReady: raw.ready !== 0,
		foreground: raw.foreground !== 0,
		restarts: raw.restarts,
		starts: raw.starts,
		cpuCount: raw.cpuCount,
		cpuTimeNs: raw.cpuTimeNs,
		memoryTotal: Number(raw.memoryTotal),
		memoryTouched: Number(raw.memoryTouched),
		...(faulted ? { lastFault: { syndrome: hex(syndrome), pc: hex(pc), address: hex(address), vcpu } } : {}),
	};
}

export function decodeSystemStatus(data: Uint8Array): SystemStatus {
	const raw = veilStatusSystem.read(data);
	return {
		bootEpoch: hex(raw.bootEpoch),
		uptimeNs: raw.uptimeNs,
		idleNs: raw.idleNs,
		cpus: raw.cpus,
		personas: raw.personas,
		foreground: raw.foreground,
		beside: raw.beside === VEIL_NO_PERSONA ? undefined : raw.beside,
		muxGarbage: raw.muxGarbage,
		muxDropped: Number(raw.muxDropped),
		memoryVeil: Number(raw.memoryVeil),
		memoryPayloads: Number(raw.memoryPayloads),
		logNext: raw.logNext,
	};
}

export function decodeLogRecord(data: Uint8Array): LogRecord {
	const { sequence, persona, timeNs } = veilLogHeader.read(data);
	return {
		sequence,
		persona: persona === VEIL_NO_PERSONA || persona === VEIL_LAST_RUN ? undefined : persona,
		isOfLastRun: persona === VEIL_LAST_RUN,
		timeNs,
		text: printableLine(text(data.subarray(veilLogHeader.size))),
	};
}

export function decodeStatistics(data: Uint8Array): Statistics {
	return { ...veilStatistics.read(data) };
}

/** A 64-bit number as `0x…`. */
export function hex(value: bigint): string {
	return `0x${value.toString(16)}`;
}

/** Bytes up to the first NUL. */
function text(bytes: Uint8Array): Uint8Array {
	const end = bytes.indexOf(0);
	return end === -1 ? bytes : bytes.subarray(0, end);
}

const STATES: readonly PersonaState[] = ["stopped", "starting", "running", "paused", "crashed", "off"];
const REASONS: readonly PersonaReason[] = [
	"none",
	"command",
	"guestOff",
	"guestReset",
	"guestCrashed",
	"badPayload",
	"fault",
	"restartLimit",
	"watchdog",
	"background",
];

function stateName(value: number): PersonaState {
	const name = veilStateNames.get(value);
	return STATES.find((state) => state === name) ?? "unknown";
}

function reasonName(value: number): PersonaReason {
	const name = veilReasonNames.get(value);
	return REASONS.find((reason) => reason === name) ?? "unknown";
}
