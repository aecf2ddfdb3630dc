// SPDX-License-Identifier: Apache-2.0
// The two files of a run folder: the record, written by whoever starts and stops the handset, and the bridge's state.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PixelFormat } from "../image/surface.ts";
import { writeFileAtomic } from "../util/atomic.ts";
import { errorCode, UserError } from "../util/errors.ts";
import type { ProcessIdentity } from "./processes.ts";
import { FILE } from "./run-folder.ts";
import type { Fault, PersonaReason, PersonaState, QemuOptions } from "./types.ts";

/** A persona as the record has it, in the manifest's order: its index is its place. */
export interface RecordedPersona {
	readonly name: string;
	readonly readyMarker: string | null;
	readonly startAtBoot: boolean;
	/** Its indicator: the text and the colour, 0xRRGGBB. Undefined in records of versions that did not keep them. */
	readonly label?: string;
	readonly colour?: number;
	/** Its picture; undefined on a phone without a screen. */
	readonly surface?: RecordedSurface;
}

/** Where a persona's picture is in the handset's memory, the indicator strip on top. */
export interface RecordedSurface {
	/** Host-physical address of row 0. */
	readonly hostBase: number;
	/** Pixels. */
	readonly width: number;
	readonly height: number;
	/** Bytes a row. */
	readonly stride: number;
	/** Undefined in records of versions that knew xrgb8888 only. */
	readonly format?: PixelFormat;
}

/** What is meant to run. */
export interface HandsetRecord {
	readonly version: 1;
	readonly id: string;
	readonly label?: string;
	readonly board: string;
	readonly qemuOptions: QemuOptions;
	/** It is a real one: what is on it is what was flashed, and it is not observed. */
	readonly isTablet?: true;
	readonly imageDigest: string;
	/** Digest of the image but its policy, and of the policy that is to be in force. */
	readonly base?: string;
	readonly policyDigest?: string;
	/** Version of a signed image; undefined: it is not signed. */
	readonly imageVersion?: number;
	/** `starting` until Veil runs; then `running` until it is stopped on purpose. */
	readonly phase: "starting" | "running" | "stopped";
	/** Who writes this record while the phase is `starting`. */
	readonly starter: ProcessIdentity;
	readonly qemu?: ProcessIdentity;
	readonly startedAt: string;
	readonly sockets: string;
	readonly personas: readonly RecordedPersona[];
}

/** A persona as the bridge has seen it. */
export interface BridgePersona {
	readonly name: string;
	readonly state: PersonaState;
	readonly reason: PersonaReason;
	readonly starts: number;
	readonly restarts: number;
	readonly ready: boolean;
	/** The bridge was away while this start's console ran, so its marker may have been missed. */
	readonly missed: boolean;
	readonly lastFault?: Fault;
}

/** What the bridge knows; rewritten whenever it changes. */
export interface BridgeState {
	readonly version: 1;
	readonly bridge: ProcessIdentity;
	/** `opening`: QEMU's end of the line has not been reached; `listening`: it is read; `connected`: Veil has said hello. */
	readonly phase: "opening" | "listening" | "connected" | "ended";
	/** Veil's ABI version when it is not ours: nothing else is believed then. */
	readonly foreignAbi?: number;
	/** Hexadecimal; new at every boot of Veil. */
	readonly bootEpoch?: string;
	/** Frames dropped on this side. */
	readonly garbage: number;
	/** Bytes outside frames, all in the panic log. */
	readonly panicBytes: number;
	/** Veil's next log record. */
	readonly logNext: number;
	readonly personas: readonly BridgePersona[];
}

async function readVersioned<T extends { readonly version: 1 }>(path: string): Promise<T | undefined> {
	try {
		const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
		if (typeof parsed === "object" && parsed !== null && "version" in parsed && parsed.version === 1) return parsed as T;
	} catch (error) {
		if (errorCode(error) === "ENOENT") return undefined;
		if (!(error instanceof SyntaxError)) throw error;
	}
	throw new UserError("was not written by this version of persona", {
		where: path,
		remedy: "`persona ps clean` ends and removes what it belongs to",
	});
}

/** The record in a run folder, or undefined when there is none. */
export async function readRecord(folder: string): Promise<HandsetRecord | undefined> {
	return readVersioned<HandsetRecord>(join(folder, FILE.record));
}

export async function writeRecord(folder: string, record: HandsetRecord): Promise<void> {
	await writeFileAtomic(join(folder, FILE.record), `${JSON.stringify(record, undefined, "\t")}\n`, 0o600);
}

/** The bridge's state in a run folder, or undefined when there is none. */
export async function readBridgeState(folder: string): Promise<BridgeState | undefined> {
	return readVersioned<BridgeState>(join(folder, FILE.state));
}

export async function writeBridgeState(folder: string, state: BridgeState): Promise<void> {
	await writeFileAtomic(join(folder, FILE.state), `${JSON.stringify(state, undefined, "\t")}\n`, 0o600);
}
