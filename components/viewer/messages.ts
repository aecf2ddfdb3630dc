// SPDX-License-Identifier: Apache-2.0
// What the viewer's page and its server tell each other, as JSON on one WebSocket. Types alone, and without any of Node's, so that the
// page can use them, too.

/** As the handset stage has it. */
export type ShownState = "stopped" | "starting" | "running" | "paused" | "crashed" | "off" | "unknown";

/** A persona as the page shows it. */
export interface ShownPersona {
	readonly name: string;
	readonly label: string;
	/** `#rrggbb`, as declared. */
	readonly colour: string;
	/** What is readable on it: the strip's own choice. */
	readonly ink: "#ffffff" | "#000000";
	readonly state: ShownState;
	readonly ready: boolean;
	readonly foreground: boolean;
	/** On the screen, too, beside the one in front. */
	readonly beside: boolean;
	/** Of one physical CPU. */
	readonly cpuPercent: number;
	readonly cpuCount: number;
	readonly memoryMiB: number;
	readonly memoryTotalMiB: number;
	readonly restarts: number;
	/** Why it ended or was restarted; empty when there is nothing to say. */
	readonly note: string;
}

/** The handset, at least once a second. */
export interface StatusMessage {
	readonly kind: "status";
	readonly handset: string;
	readonly board: string;
	/** The beginning of the image's digest. */
	readonly image: string;
	/** New at every boot. */
	readonly boot: string;
	readonly hasScreen: boolean;
	readonly cpus: number;
	/** Physical CPUs in use, on average. */
	readonly cpuBusy: number;
	readonly uptimeSeconds: number;
	readonly veilMiB: number;
	readonly personas: readonly ShownPersona[];
}

/** The handset does not run or does not answer. */
export interface GoneMessage {
	readonly kind: "gone";
	readonly handset: string;
	readonly problem: string;
}

/** Something that was asked for could not be done. */
export interface RefusedMessage {
	readonly kind: "refused";
	readonly problem: string;
}

export type FromServer = StatusMessage | GoneMessage | RefusedMessage;

/** What buttons of the page can ask for, of one persona. `beside` shows it beside the one in front, `alone` the one in front alone. */
export type PersonaAction = "switch" | "beside" | "alone" | "start" | "stop" | "pause" | "resume" | "restart";

export interface FromPage {
	readonly do: PersonaAction;
	readonly persona: string;
}
