// SPDX-License-Identifier: Apache-2.0
// A client of the control protocol, on the bridge's control socket: questions and commands by persona name, answers as values.
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
	VEIL_EVENT_STATE,
	VEIL_MUX_CONTROL,
	VEIL_OP_ACCEPT,
	VEIL_OP_LOG,
	VEIL_OP_NETWORK,
	VEIL_OP_PAUSE,
	VEIL_OP_POLICY_BEGIN,
	VEIL_OP_POLICY_COMMIT,
	VEIL_OP_POLICY_DATA,
	VEIL_OP_POLICY_STATUS,
	VEIL_OP_POWER_OFF,
	VEIL_OP_RESTART,
	VEIL_OP_RESUME,
	VEIL_OP_SECRET,
	VEIL_OP_START,
	VEIL_OP_STATISTICS,
	VEIL_OP_STATUS_PERSONA,
	VEIL_OP_STATUS_SYSTEM,
	VEIL_OP_STOP,
	VEIL_OP_SWITCH,
	VEIL_OP_VIEW,
	VEIL_POLICY_CHUNK,
	VEIL_RESULT_AGAIN,
	VEIL_RESULT_NO_DATA,
	VEIL_RESULT_NOT_KEPT,
	VEIL_RESULT_OK,
	VEIL_RESULT_UNKNOWN_OP,
	VEIL_RESULT_WRONG_STATE,
	type VeilNetworkStatus,
	veilNetworkStatus,
	veilOpNames,
	veilPolicyStatus,
	veilResultNames,
} from "../image/abi.ts";
import { UserError } from "../util/errors.ts";
import {
	type Answer,
	decodeAnswer,
	decodeLogRecord,
	decodePersonaStatus,
	decodeStateEvent,
	decodeStatistics,
	decodeSystemStatus,
	encodeRequest,
	type LogRecord,
	type PersonaStatus,
	type StateEvent,
	type Statistics,
	type SystemStatus,
} from "./control-messages.ts";
import { encodeFrame, FrameDecoder } from "./mux.ts";
import { encodeSecret, type PersonaSecret } from "./secrets.ts";

/** How often, and how long, Veil is asked whether it has done what it does beside the personas. */
const AGAIN_MS = 5;
const UNDER_WAY_MS = 30_000;

/** Everything Veil says about the handset at one moment. */
export interface HandsetStatus {
	readonly system: SystemStatus;
	/** In the manifest's order. */
	readonly personas: readonly PersonaStatus[];
}

interface Waiting {
	readonly resolve: (answer: Answer) => void;
	readonly reject: (error: Error) => void;
	readonly timer: NodeJS.Timeout;
}

/** Whoever was asked has gone: the handset, or only its bridge. */
export class ConnectionLost extends UserError {}

export class ControlClient {
	private readonly socket: Socket;
	private readonly personas: readonly string[];
	private readonly deadlineMs: number;
	private readonly waiting = new Map<number, Waiting>();
	private readonly decoder = new FrameDecoder();
	private readonly events = new EventEmitter<{ state: [persona: string, event: StateEvent]; close: [] }>();
	private lastId = 0;

	/** Use {@link connectControl}. */
	constructor(socket: Socket, personas: readonly string[], deadlineMs: number) {
		this.socket = socket;
		this.personas = personas;
		this.deadlineMs = deadlineMs;
		socket.on("data", (bytes) => this.receive(bytes));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			for (const { reject, timer } of this.waiting.values()) {
				clearTimeout(timer);
				reject(new ConnectionLost("the handset ended before it answered"));
			}
			this.waiting.clear();
			this.events.emit("close");
		});
	}

	/** Calls back whenever a persona's state has changed; gives a function that ends it. */
	onState(listener: (persona: string, event: StateEvent) => void): () => void {
		this.events.on("state", listener);
		return () => this.events.off("state", listener);
	}

	/** Calls back once when the handset or its bridge has ended. */
	onClose(listener: () => void): void {
		this.events.once("close", listener);
	}

	/** The handset and all its personas. */
	async status(): Promise<HandsetStatus> {
		const [system, ...personas] = await Promise.all([
			this.systemStatus(),
			...this.personas.map((persona) => this.personaStatus(persona)),
		]);
		return { system, personas };
	}

	async systemStatus(): Promise<SystemStatus> {
		return decodeSystemStatus((await this.command(VEIL_OP_STATUS_SYSTEM, undefined)).data);
	}

	async personaStatus(persona: string): Promise<PersonaStatus> {
		return decodePersonaStatus((await this.command(VEIL_OP_STATUS_PERSONA, persona)).data);
	}

	/** Exits by cause. */
	async statistics(persona: string): Promise<Statistics> {
		return decodeStatistics((await this.command(VEIL_OP_STATISTICS, persona)).data);
	}

	/** What became of a persona's frames since boot; fails where it has no network. */
	async frames(persona: string): Promise<VeilNetworkStatus> {
		return veilNetworkStatus.read((await this.command(VEIL_OP_NETWORK, persona)).data);
	}

	/** Starts a persona that does not run. Comes back when Veil has accepted it; so do the other commands. */
	async start(persona: string): Promise<void> {
		await this.command(VEIL_OP_START, persona);
	}

	async stop(persona: string): Promise<void> {
		await this.command(VEIL_OP_STOP, persona);
	}

	async pause(persona: string): Promise<void> {
		await this.command(VEIL_OP_PAUSE, persona);
	}

	async resume(persona: string): Promise<void> {
		await this.command(VEIL_OP_RESUME, persona);
	}

	async restart(persona: string): Promise<void> {
		await this.command(VEIL_OP_RESTART, persona);
	}

	/** Moves the foreground to a persona. When it is shown beside the one in front, both stay on the screen. */
	async switchTo(persona: string): Promise<void> {
		await this.command(VEIL_OP_SWITCH, persona);
	}

	/** Hands a secret to the bridge, which gives it to the persona's agent now and at each of its starts. */
	async secret(secret: PersonaSecret): Promise<void> {
		this.check(await this.ask(VEIL_OP_SECRET, secret.persona, 0, encodeSecret(secret)), secret.persona);
	}

	/** Shows a persona beside the one in front, both live; or, with undefined, the one in front alone. */
	async showBeside(persona: string | undefined): Promise<void> {
		const answer = await this.ask(VEIL_OP_VIEW, persona ?? this.personas[0], persona === undefined ? 0 : 1);
		if (answer.result === VEIL_RESULT_WRONG_STATE) {
			throw new UserError(`${persona} cannot be shown beside the persona in front`, {
				remedy: "that takes a phone with a screen (`devices: { display: true }`), and another persona than the one in front",
			});
		}
		this.check(answer, persona);
	}

	/** Veil's log from a sequence number on, the oldest first. */
	async log(from = 0): Promise<LogRecord[]> {
		const records: LogRecord[] = [];
		for (let next = from; ; ) {
			const answer = await this.ask(VEIL_OP_LOG, undefined, next);
			if (answer.result === VEIL_RESULT_NO_DATA) return records;
			this.check(answer, undefined);
			const record = decodeLogRecord(answer.data);
			records.push(record);
			next = (record.sequence + 1) >>> 0;
		}
	}

	/** Digest of the policy in force, as `sha256:<hex>`; undefined when that cannot be told. */
	async policyDigest(): Promise<string | undefined> {
		const answer = await this.ask(VEIL_OP_POLICY_STATUS, undefined, 0);
		if (answer.result === VEIL_RESULT_UNKNOWN_OP) return undefined;
		this.check(answer, undefined);
		return `sha256:${Buffer.from(veilPolicyStatus.read(answer.data).sha256).toString("hex")}`;
	}

	/** Brings another policy into force while the personas run: the section of an image's manifest, without the room behind it. */
	async replacePolicy(section: Uint8Array): Promise<void> {
		const step = async (op: number, argument: number, data?: Buffer) =>
			this.check(await this.ask(op, undefined, argument, data), undefined);
		await step(VEIL_OP_POLICY_BEGIN, section.length, createHash("sha256").update(section).digest());
		for (let at = 0; at < section.length; at += VEIL_POLICY_CHUNK) {
			await step(VEIL_OP_POLICY_DATA, at, Buffer.from(section.subarray(at, at + VEIL_POLICY_CHUNK)));
		}
		this.check(await this.untilDone(VEIL_OP_POLICY_COMMIT), undefined);
	}

	/** Asks again while Veil is at it: what takes long, it does beside the personas. */
	private async untilDone(op: number): Promise<Answer> {
		for (const end = performance.now() + UNDER_WAY_MS; ; ) {
			const answer = await this.ask(op, undefined, 0);
			if (answer.result !== VEIL_RESULT_AGAIN) return answer;
			if (performance.now() > end)
				throw new UserError(`Veil has been at it for ${UNDER_WAY_MS / 1000} s`, { remedy: "see `persona logs veil`" });
			await delay(AGAIN_MS);
		}
	}

	/** Tells Veil that the signed image it runs is good: it refuses older ones from then on. Comes back when it has written that down. */
	async accept(): Promise<void> {
		const answer = await this.untilDone(VEIL_OP_ACCEPT);
		if (answer.result !== VEIL_RESULT_NOT_KEPT) return this.check(answer, undefined);
		throw new UserError("Veil cannot write down the version of the image: disk or flash refuses it", {
			remedy: "see `persona logs veil`; a full disk of this machine is one cause",
		});
	}

	/** A persona's network card; undefined when it has none. */
	async network(persona: string): Promise<VeilNetworkStatus | undefined> {
		const answer = await this.ask(VEIL_OP_NETWORK, persona, 0);
		if (answer.result === VEIL_RESULT_NO_DATA || answer.result === VEIL_RESULT_UNKNOWN_OP) return undefined;
		this.check(answer, persona);
		return veilNetworkStatus.read(answer.data);
	}

	/** Switches the handset off. The answer may be lost, because the handset goes; that is fine. */
	async powerOff(): Promise<void> {
		await this.command(VEIL_OP_POWER_OFF, undefined);
	}

	close(): void {
		this.socket.destroy();
	}

	private async command(op: number, persona: string | undefined): Promise<Answer> {
		const answer = await this.ask(op, persona, 0);
		this.check(answer, persona);
		return answer;
	}

	private check(answer: Answer, persona: string | undefined): void {
		if (answer.result === VEIL_RESULT_OK) return;
		const what = (veilOpNames.get(answer.op) ?? `${answer.op}`).replace(/^op/, "").toLowerCase();
		if (answer.result === VEIL_RESULT_WRONG_STATE && persona !== undefined) {
			throw new UserError(`persona ${persona} is not in a state for ${what}`, { remedy: "see `persona status`" });
		}
		throw new Error(`Veil answered ${what} with ${veilResultNames.get(answer.result) ?? answer.result}`);
	}

	private ask(op: number, persona: string | undefined, argument: number, data: Uint8Array = new Uint8Array(0)): Promise<Answer> {
		const index = persona === undefined ? undefined : this.personas.indexOf(persona);
		if (index === -1) {
			throw new UserError(`there is no persona ${persona} on this handset`, { remedy: `there are: ${this.personas.join(", ")}` });
		}
		return new Promise((resolve, reject) => {
			if (this.socket.destroyed) return reject(new ConnectionLost("the handset has ended"));
			const id = this.freeId();
			const timer = setTimeout(() => {
				this.waiting.delete(id);
				reject(
					new UserError(`Veil has not answered for ${this.deadlineMs / 1000} s`, {
						remedy: "see `persona status` and `persona logs veil`",
					}),
				);
			}, this.deadlineMs);
			this.waiting.set(id, { resolve, reject, timer });
			this.socket.write(encodeFrame(VEIL_MUX_CONTROL, Buffer.concat([encodeRequest(op, index, id, argument), data])));
		});
	}

	private freeId(): number {
		do this.lastId = (this.lastId % 0xffff) + 1;
		while (this.waiting.has(this.lastId));
		return this.lastId;
	}

	private receive(bytes: Buffer): void {
		for (const item of this.decoder.push(bytes)) {
			const answer = item.kind === "frame" && item.channel === VEIL_MUX_CONTROL ? decodeAnswer(item.payload) : undefined;
			if (answer === undefined) continue;
			if (answer.op === VEIL_EVENT_STATE) this.stateEvent(answer);
			const waiting = answer.op < VEIL_EVENT_STATE ? this.waiting.get(answer.id) : undefined;
			if (waiting === undefined) continue;
			this.waiting.delete(answer.id);
			clearTimeout(waiting.timer);
			waiting.resolve(answer);
		}
	}

	private stateEvent(answer: Answer): void {
		const persona = this.personas[answer.persona];
		if (persona === undefined || answer.data.length < 8) return;
		this.events.emit("state", persona, decodeStateEvent(answer.data));
	}
}

/**
 * Connects to a control socket. `personas` are the names in the manifest's order; `deadlineMs` is how long an answer may take.
 * Throws ConnectionLost when nobody serves the socket.
 */
export async function connectControl(path: string, personas: readonly string[], deadlineMs = 5000): Promise<ControlClient> {
	const socket = connect(path);
	await new Promise<void>((resolve, reject) => {
		socket.once("connect", resolve);
		socket.once("error", (error) => reject(new ConnectionLost(`nobody serves the handset: ${error.message}`)));
	});
	return new ControlClient(socket, personas, deadlineMs);
}
