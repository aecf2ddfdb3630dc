// SPDX-License-Identifier: Apache-2.0
// The bridge: keeps reading the one serial line of a handset, and serves its consoles and its control channel to whoever comes.
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
	VEIL_ABI_VERSION,
	VEIL_EVENT_AGENT,
	VEIL_EVENT_STATE,
	VEIL_MUX_CONTROL,
	VEIL_OP_LOG,
	VEIL_OP_SECRET,
	VEIL_OP_STATUS_PERSONA,
	VEIL_RESULT_OK,
	type VeilLinkHello,
} from "../image/abi.ts";
import { Agents } from "./agents.ts";
import { ConsoleHub } from "./console-hub.ts";
import { ControlHub } from "./control-hub.ts";
import { type Answer, decodeLogRecord, decodePersonaStatus, decodeStateEvent, hex } from "./control-messages.ts";
import { MuxLink } from "./link.ts";
import { PersonaTracker } from "./personas.ts";
import { self } from "./processes.ts";
import { type BridgeState, type HandsetRecord, writeBridgeState } from "./record.ts";
import { RotatingLog } from "./rotating-log.ts";
import { FILE, SOCKET } from "./run-folder.ts";

/** How often a hello is repeated until both ends have got one. */
const HELLO_MS = 500;
/** So many of those with nothing new on the line, and a frame that is not whole is given up: Veil has panicked in the middle of it. Counted, not
 * timed, since a bridge or a QEMU that gets no CPU for seconds must not cost a guest its output. */
const SILENT_TICKS = 20;
/** Personas that are not up yet are asked for Veil's ready flag this often. */
const POLL_MS = 250;
const STATE_WRITE_MS = 20;
const REOPEN_MS = 20;
/** Veil does not tell of log records that no change of state goes with; it is asked this often. */
const LOG_MS = 2000;
/** Veil answers whatever it is asked. So many turns of those without an answer, and the question or its credit was lost on the way; counted, not
 * timed, as above. */
const LOST_TURNS = 5;

export interface BridgeOptions {
	readonly folder: string;
	readonly record: HandsetRecord;
	/** What an earlier bridge of this handset left. */
	readonly before: BridgeState | undefined;
	/** Whether QEMU still runs: without it the bridge has nothing to do. */
	readonly handsetAlive: () => boolean;
}

export class Bridge {
	private readonly options: BridgeOptions;
	private readonly personas: PersonaTracker[];
	private readonly consoles: ConsoleHub[];
	private readonly logs: RotatingLog[];
	private readonly control: ControlHub;
	private readonly agents: Agents;
	private readonly veilLog: RotatingLog;
	private readonly panicLog: RotatingLog;
	private line: Socket | undefined;
	private link: MuxLink | undefined;
	private silentTicks = 0;
	private garbageSeen = 0;
	/** Turns that the open question for a log record has waited; undefined: none is open. */
	private logWaits: number | undefined;
	private state: BridgeState;
	private stateDue = false;
	private stateWritten: Promise<void> = Promise.resolve();
	private stopping = false;

	constructor(options: BridgeOptions) {
		this.options = options;
		const { folder, record, before } = options;
		this.personas = record.personas.map((persona, index) => new PersonaTracker(persona, before?.personas[index]));
		this.logs = record.personas.map(({ name }) => new RotatingLog(join(folder, FILE.consoleLog(name))));
		this.veilLog = new RotatingLog(join(folder, FILE.veilLog));
		this.panicLog = new RotatingLog(join(folder, FILE.panicLog));
		this.control = new ControlHub(
			join(record.sockets, SOCKET.control),
			(message) => this.link?.sendControl(message),
			(request) => this.agents.answer(request),
		);
		this.agents = new Agents(
			record,
			() => this.link,
			(persona, secret, answered) => this.control.ask(VEIL_OP_SECRET, persona, 0, answered, secret),
		);
		this.consoles = record.personas.map(
			(_, index) =>
				new ConsoleHub(
					join(record.sockets, SOCKET.console(index)),
					(input) => this.link?.sendConsole(index, input),
					() => this.link?.queued(index + 1) ?? 0,
				),
		);
		this.state = {
			version: 1,
			bridge: self(),
			phase: "opening",
			...(before?.bootEpoch === undefined ? {} : { bootEpoch: before.bootEpoch }),
			garbage: before?.garbage ?? 0,
			panicBytes: before?.panicBytes ?? 0,
			logNext: before?.logNext ?? 0,
			personas: [],
		};
	}

	/** Serves until QEMU has ended or `stop` is called. */
	async run(): Promise<void> {
		await Promise.all([this.control.listen(), this.agents.listen(), ...this.consoles.map((hub) => hub.listen())]);
		this.changed();
		const timers = [
			setInterval(() => this.tick(), HELLO_MS),
			setInterval(() => this.pollReady(), POLL_MS),
			setInterval(() => this.control.expire(), 5000),
			setInterval(() => this.logTurn(), LOG_MS),
		];
		try {
			while (!this.stopping && this.options.handsetAlive()) {
				await this.serveLine();
				if (!this.stopping) await delay(REOPEN_MS);
			}
		} finally {
			for (const timer of timers) clearInterval(timer);
			for (const server of [this.control, this.agents, ...this.consoles]) server.close();
			this.state = { ...this.state, phase: "ended" };
			this.changed();
			await this.writeState();
			for (const log of [...this.logs, this.veilLog, this.panicLog]) log.close();
		}
	}

	stop(): void {
		this.stopping = true;
		this.line?.destroy();
	}

	/** Connects to QEMU's end of the line and serves it until it closes. */
	private async serveLine(): Promise<void> {
		const line = connect(join(this.options.record.sockets, SOCKET.serial));
		this.line = line;
		const link = new MuxLink({
			write: (bytes) => line.write(bytes),
			payload: (channel, payload) => {
				try {
					this.payload(channel, payload);
				} catch (error) {
					// A message shorter than its structure: as good as a bad frame.
					if (!(error instanceof RangeError)) throw error;
					this.state = { ...this.state, garbage: this.state.garbage + 1 };
				}
			},
			raw: (bytes) => {
				this.panicLog.write(bytes);
				this.state = { ...this.state, panicBytes: this.state.panicBytes + bytes.length };
				this.changed();
			},
			hello: (hello) => this.hello(hello),
		});
		this.garbageSeen = 0;
		await new Promise<void>((resolve) => {
			line.on("connect", () => {
				this.link = link;
				this.state = { ...this.state, phase: "listening" };
				this.changed();
				link.sayHello();
			});
			line.on("data", (bytes) => {
				this.silentTicks = 0;
				link.receive(bytes);
				for (const hub of [this.agents, ...this.consoles]) hub.resume();
			});
			line.on("error", () => line.destroy());
			line.on("close", () => resolve());
		});
		if (this.link === link) link.flush();
		this.link = undefined;
		this.state = { ...this.state, phase: "opening" };
		this.changed();
	}

	/** Repeats the hello until both ends have got one; gives up frames that do not end; sets credits right after lost bytes. */
	private tick(): void {
		const { line, link } = this;
		if (line === undefined || link === undefined) return;
		if (++this.silentTicks >= SILENT_TICKS && link.midFrame) link.flush();
		const lost = link.garbage - this.garbageSeen;
		this.garbageSeen = link.garbage;
		if (lost > 0) {
			this.state = { ...this.state, garbage: this.state.garbage + lost };
			this.agents.lineLost();
			this.changed();
		}
		// One that has not even left is not repeated: nobody may ever read them.
		if (lost > 0 || (!link.ready && line.writableLength === 0)) link.sayHello();
	}

	private hello(hello: VeilLinkHello): void {
		const { foreignAbi: _, ...state } = this.state;
		if (hello.abiVersion !== VEIL_ABI_VERSION) {
			this.state = { ...state, phase: "connected", foreignAbi: hello.abiVersion };
			this.changed();
			return;
		}
		const bootEpoch = hex(hello.bootEpoch);
		if (state.bootEpoch !== bootEpoch) {
			this.control.forget();
			this.link?.dropQueues();
			for (const persona of this.personas) persona.reset();
			this.state = { ...state, phase: "connected", bootEpoch, logNext: 0 };
		} else this.state = { ...state, phase: "connected" };
		this.agents.lineLost();
		for (const index of this.personas.keys()) this.askStatus(index);
		this.logWaits = undefined;
		this.fetchLog();
		this.changed();
	}

	private payload(channel: number, payload: Buffer): void {
		if (this.state.foreignAbi !== undefined) return;
		if (channel === VEIL_MUX_CONTROL) {
			const event = this.control.fromVeil(payload);
			if (event !== undefined) this.event(event);
			return;
		}
		if (this.agents.payload(channel, payload)) return;
		const index = channel - 1;
		this.logs[index]?.write(payload);
		this.consoles[index]?.output(payload);
		const tracker = this.personas[index];
		const wasReady = tracker?.now.ready;
		tracker?.output(payload);
		if (tracker?.now.ready !== wasReady) this.changed();
	}

	private event(event: Answer): void {
		if (event.op === VEIL_EVENT_AGENT) this.agents.agentIsThere(event.persona);
		if (event.op === VEIL_EVENT_STATE) {
			const { starts } = this.personas[event.persona]?.now ?? {};
			this.personas[event.persona]?.event(decodeStateEvent(event.data));
			const now = this.personas[event.persona]?.now;
			const lives = now?.state === "running" || now?.state === "paused";
			if (now?.starts !== starts || !lives) this.agents.personaChanged(event.persona);
			this.askStatus(event.persona);
			this.fetchLog();
			this.changed();
		}
	}

	private askStatus(index: number): void {
		this.control.ask(VEIL_OP_STATUS_PERSONA, index, 0, ({ result, data }) => {
			if (result !== VEIL_RESULT_OK) return;
			this.personas[index]?.status(decodePersonaStatus(data));
			this.changed();
		});
	}

	private pollReady(): void {
		if (this.link?.ready !== true || this.state.foreignAbi !== undefined) return;
		for (const [index, persona] of this.personas.entries()) if (persona.awaited) this.askStatus(index);
	}

	/** Looks for new log records. When the last look is still not answered, both ends begin anew: a lost credit would silence the line for good. */
	private logTurn(): void {
		if (this.logWaits === undefined) this.fetchLog();
		else if (++this.logWaits === LOST_TURNS) this.link?.sayHello();
	}

	/** Fetches Veil's log records one by one, up to the newest. Of several questions that crossed with hellos the first answer counts. */
	private fetchLog(): void {
		if (this.logWaits !== undefined || this.state.phase !== "connected" || this.state.foreignAbi !== undefined) return;
		this.logWaits = 0;
		const asked = this.state.logNext;
		this.control.ask(VEIL_OP_LOG, undefined, asked, ({ result, data }) => {
			if (asked !== this.state.logNext) return;
			this.logWaits = undefined;
			if (result !== VEIL_RESULT_OK) return;
			const record = decodeLogRecord(data);
			const itself = record.isOfLastRun ? "last run" : "veil";
			const about = record.persona === undefined ? itself : (this.personas[record.persona]?.now.name ?? `${record.persona}`);
			const seconds = (Number(record.timeNs / 1000n) / 1e6).toFixed(6);
			this.veilLog.write(Buffer.from(`[${seconds.padStart(12)}] ${about}: ${record.text}\n`));
			this.state = { ...this.state, logNext: (record.sequence + 1) >>> 0 };
			this.changed();
			this.fetchLog();
		});
	}

	/** Writes the state soon; many changes make one write. */
	private changed(): void {
		if (this.stateDue) return;
		this.stateDue = true;
		setTimeout(() => void this.writeState(), STATE_WRITE_MS).unref();
	}

	private async writeState(): Promise<void> {
		this.stateWritten = this.stateWritten.then(async () => {
			this.stateDue = false;
			this.state = { ...this.state, personas: this.personas.map((persona) => persona.now) };
			try {
				await writeBridgeState(this.options.folder, this.state);
			} catch (error) {
				// A full disk, or a folder taken away, must not end the bridge: the consoles still work.
				console.error(`state.json: ${String(error)}`);
			}
		});
		await this.stateWritten;
	}
}
