// SPDX-License-Identifier: Apache-2.0
// What callers of the handset stage see: specifications, states and observations. No behaviour.

import type { PublicKey } from "../signing/index.ts";
import type { Progress } from "../util/progress.ts";
import type { UsbTarget } from "./flash-usb.ts";
import type { PersonaSecret } from "./secrets.ts";
import type { UsbKind } from "./usb-device.ts";

/** How an emulated handset is built. Every field is a fact of the Handset resource, none of the image it runs. */
export interface QemuOptions {
	/** Physical CPUs of the emulated board, 1..8. */
	readonly cpus: number;
	/** CPU model in QEMU's terms. */
	readonly cpu: string;
	/** RAM in MiB; by default exactly what the image's manifest asks for. */
	readonly memoryMiB?: number;
	/** Name or path of QEMU's executable; `qemu-system-aarch64` by default. */
	readonly executable?: string;
}

/** How a real handset is found and flashed. */
export interface UsbSpec {
	/** Of its board. */
	readonly kind: UsbKind;
	readonly target: UsbTarget;
}

/** One handset: its identity is `id`, stable from creation to removal. */
export interface HandsetSpec {
	/** Lower-case letters, digits and `-`, 1..63 characters. */
	readonly id: string;
	readonly board: string;
	/** What a person calls it, shown by `persona ps` and accepted by `--handset`; for instance `project/stack/name`. */
	readonly label?: string;
	readonly qemu: QemuOptions;
	/** It is a real one, which is flashed over USB; `qemu` then means nothing. */
	readonly usb?: UsbSpec;
}

/** A device image in the store. */
export interface ImageReference {
	readonly path: string;
	/** `sha256:<hex>` of the file. */
	readonly digest: string;
	/** One of them must have signed it; none, or missing: it must not be signed. */
	readonly trustedKeys?: readonly PublicKey[];
	/** Writes it into the flash of an emulated handset of a board that starts from there. */
	readonly writeFlash?: (path: string) => Promise<void>;
}

/** When a persona counts as up. */
export interface ReadyExpectation {
	readonly name: string;
	/** Text the guest prints on its console when it is up; null: it is up as soon as Veil runs it. Veil's own ready flag always counts. */
	readonly readyMarker: string | null;
	readonly readyDeadlineSeconds: number;
}

export type PersonaState = "stopped" | "starting" | "running" | "paused" | "crashed" | "off" | "unknown";

export type PersonaReason =
	| "none"
	| "command"
	| "guestOff"
	| "guestReset"
	| "guestCrashed"
	| "badPayload"
	| "fault"
	| "restartLimit"
	| "watchdog"
	| "background"
	| "unknown";

/** The last fault that ended a persona. Addresses are hexadecimal strings, because they need 64 bits. */
export interface Fault {
	readonly syndrome: string;
	readonly pc: string;
	readonly address: string;
	readonly vcpu: number;
}

export interface PersonaObservation {
	readonly name: string;
	readonly state: PersonaState;
	readonly ready: boolean;
	readonly reason: PersonaReason;
	/** Restarts since the handset's boot. */
	readonly restarts: number;
	/** Starts since the handset's boot. */
	readonly starts: number;
	readonly foreground: boolean;
	readonly lastFault?: Fault;
}

/** What is true of a handset now. A handset that is not alive has no personas. */
export interface Observation {
	readonly id: string;
	readonly board: string;
	/** QEMU runs. */
	readonly alive: boolean;
	/** Veil answered. Never true when not alive; false when the bridge cannot be reached or Veil has panicked. */
	readonly responding: boolean;
	/** Why it is not alive or not responding, for a person; harmless to print. */
	readonly problem?: string;
	/** Digest of the image it runs, or ran last. */
	readonly imageDigest?: string;
	/** It is a tablet, which got that image whole then (ISO 8601). No line leads to it, so it is neither alive nor dead for all that is known. */
	readonly flashedAt?: string;
	readonly personas: readonly PersonaObservation[];
	/** Name of the persona in the foreground. */
	readonly foreground?: string;
}

/** A running handset, as {@link startHandset} hands it over. */
export interface HandsetState extends Observation {
	/** QEMU's process id. */
	readonly pid: number;
	/** ISO 8601. */
	readonly startedAt: string;
	readonly endpoints: Endpoints;
}

/** Unix sockets, served by the bridge. */
export interface Endpoints {
	readonly control: string;
	readonly consoles: Readonly<Record<string, string>>;
	/** The owner ports of the personas' agents; each connection is one session. */
	readonly agents: Readonly<Record<string, string>>;
	/** QEMU's own, not the bridge's: the screen, its keys and its touch, by VNC. Undefined on a phone without a screen. */
	readonly screen?: string;
}

/** What a persona's strip shows. */
export interface Indicator {
	readonly name: string;
	readonly label: string;
	/** 0xRRGGBB */
	readonly colour: number;
}

/** A handset as `persona ps` lists it. */
export interface HandsetSummary {
	readonly id: string;
	readonly label?: string;
	readonly board: string;
	/** A tablet is `flashed`, or else `stopped`: whether it runs is not known. */
	readonly state: "running" | "stopped" | "starting" | "dead" | "flashed";
	readonly imageDigest?: string;
	readonly startedAt?: string;
	readonly pid?: number;
	readonly personas: readonly string[];
}

/** Something left behind: a process no handset accounts for, or a folder no handset can be made of. */
export type Orphan =
	| { readonly kind: "process"; readonly pid: number; readonly what: "qemu" | "bridge"; readonly why: string }
	| { readonly kind: "folder"; readonly path: string; readonly why: string };

/** What a start needs besides handset and image. */
export interface StartOptions {
	readonly personas: readonly ReadyExpectation[];
	/** Handed to the personas' agents at each of their starts, by way of the bridge's memory. */
	readonly secrets?: readonly PersonaSecret[];
	readonly signal?: AbortSignal;
	readonly progress?: Progress;
}
