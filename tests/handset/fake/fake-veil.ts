// SPDX-License-Identifier: Apache-2.0
// A peer that speaks Veil's side of the mux, written against abi.h on its own: it shares no code with the bridge but the layouts.
import {
	VEIL_ABI_VERSION,
	VEIL_EVENT_STATE,
	VEIL_LINK_HELLO,
	VEIL_MUX_CONTROL,
	VEIL_NO_PERSONA,
	veilEventState,
	veilLinkHello,
	veilLogHeader,
	veilRequest,
	veilResponse,
	veilStatistics,
	veilStatusPersona,
	veilStatusSystem,
} from "../../../components/image/abi.ts";
import { FakeLine, type LineOwner } from "./fake-line.ts";

/** What a persona's guest does. */
export interface FakeGuest {
	readonly name: string;
	/** Its name by default. */
	readonly label?: string;
	/** 0xRRGGBB, black by default. */
	readonly colour?: number;
	/** Written to its console at each start, in pieces of `chunk` bytes. */
	readonly says: string;
	readonly chunk?: number;
	/** Ends so right after its words, at each start. */
	readonly ends?: "crashed" | "off";
	/** Calls Veil's ready hypercall at each start. */
	readonly callsReady?: boolean;
	readonly onDemand?: boolean;
}

export interface FakeScenario {
	readonly guests: readonly FakeGuest[];
	/** Says nothing at all. */
	readonly silent?: boolean;
	/** Hears nothing: its end of the line only sends. */
	readonly deaf?: boolean;
	/** Raw bytes instead of a hello. */
	readonly panic?: string;
	readonly abiVersion?: number;
	/** Does not switch off when told to. */
	readonly ignoresPowerOff?: boolean;
	/** Never answers these ops. */
	readonly deafTo?: readonly number[];
	/** Hellos it sends at boot; one where this is missing. */
	readonly hellos?: number;
	/** So many of the bridge's hellos are lost on the way, the first ones. */
	readonly lostHellos?: number;
	/** So many of its answers on the status of personas are lost, the first ones. */
	readonly lostStatuses?: number;
}

const STATE = { stopped: 0, starting: 1, running: 2, paused: 3, crashed: 4, off: 5 } as const;

interface Guest {
	readonly plan: FakeGuest;
	state: number;
	reason: number;
	starts: number;
	restarts: number;
	ready: number;
	fault: bigint;
	pending: Buffer;
}

export class FakeVeil implements LineOwner {
	readonly epoch = BigInt(Math.floor(Math.random() * 2 ** 48)) + 1n;
	/** Console input as it came, by persona. */
	readonly heard: string[];
	private readonly scenario: FakeScenario;
	private readonly line: FakeLine;
	private readonly poweredOff: () => void;
	private readonly guests: Guest[];
	private readonly log: { persona: number; text: string }[] = [];
	private foreground = 0;
	private beside = VEIL_NO_PERSONA;
	/** When the system's status was asked for: what personas have used follows from it, however long the answers take. */
	private asked = 0n;
	private statusesToLose: number;

	constructor(scenario: FakeScenario, write: (bytes: Buffer) => void, poweredOff: () => void) {
		this.scenario = scenario;
		this.line = new FakeLine(this, write);
		this.line.hellosToLose = scenario.lostHellos ?? 0;
		this.line.dead = scenario.silent === true || scenario.panic !== undefined;
		this.poweredOff = poweredOff;
		this.statusesToLose = scenario.lostStatuses ?? 0;
		this.heard = scenario.guests.map(() => "");
		this.guests = scenario.guests.map((plan) => ({
			plan,
			state: STATE.stopped,
			reason: 0,
			starts: 0,
			restarts: 0,
			ready: 0,
			fault: 0n,
			pending: Buffer.alloc(0),
		}));
	}

	/** The machine is let go. */
	boot(): void {
		if (this.scenario.panic !== undefined) this.line.spill(Buffer.from(this.scenario.panic, "latin1"));
		if (this.line.dead) return;
		for (let count = this.scenario.hellos ?? 1; count > 0; count--) this.line.hello(0);
		this.record(VEIL_NO_PERSONA, "Veil is up");
		for (const [index, guest] of this.guests.entries()) if (!guest.plan.onDemand) this.start(index, 0);
	}

	/** Takes bytes from the line. */
	receive(bytes: Uint8Array): void {
		if (this.scenario.deaf !== true) this.line.receive(bytes);
	}

	/** Writes raw bytes into the stream, as a panic would. */
	spill(bytes: Buffer): void {
		this.line.spill(bytes);
	}

	get channels(): number {
		return this.guests.length + 1;
	}

	hello(reply: number): Uint8Array {
		const { guests, scenario, epoch } = this;
		const abiVersion = scenario.abiVersion ?? VEIL_ABI_VERSION;
		return veilLinkHello.encode({ op: VEIL_LINK_HELLO, abiVersion, personas: guests.length, reply, cpus: 1, bootEpoch: epoch });
	}

	take(channel: number, payload: Buffer): void {
		if (channel === VEIL_MUX_CONTROL) this.request(payload);
		else {
			this.heard[channel - 1] += payload.toString("latin1");
			this.typed(channel - 1, payload.toString("latin1"));
		}
	}

	/** Sends what credit allows of the consoles. */
	flush(): void {
		for (const [index, guest] of this.guests.entries()) {
			while (guest.pending.length > 0) {
				const size = Math.min(guest.pending.length, this.line.room(index + 1), guest.plan.chunk ?? 256);
				if (size <= 0) break;
				this.line.send(index + 1, guest.pending.subarray(0, size));
				guest.pending = guest.pending.subarray(size);
			}
		}
	}

	/** What the guest of a persona does with what is typed. */
	private typed(index: number, text: string): void {
		const guest = this.guests[index]!;
		const word = text.trim();
		if (word === "crash") this.end(index, STATE.crashed, 4, 0xdeadn);
		else if (word === "panic") {
			this.line.spill(Buffer.from("VEIL PANIC: core/test.c:1 \x1b[31mno\x07\n"));
			this.line.dead = true;
		} else if (/^lose \d+$/.test(word)) this.line.hellosToLose = Number(word.slice(5));
		else if (word === "forget") this.line.forget();
		else if (word === "garbage") this.line.spill(Buffer.from([0xb5, 0x62, 1, 3, 0, 65, 66, 67, 0, 0]));
		else if (/^spew \d+$/.test(word)) this.say(index, "x".repeat(Number(word.slice(5))));
		else if (/^stall \d+$/.test(word)) this.line.stall(index + 1, Buffer.from("late\n"), Number(word.slice(6)));
		else if (guest.state === STATE.running) this.say(index, `echo ${text}`);
	}

	private say(index: number, text: string): void {
		const guest = this.guests[index]!;
		guest.pending = Buffer.concat([guest.pending, Buffer.from(text, "latin1")]);
		this.flush();
	}

	/** An answer, or an event: those do not wait, what there is no credit for is lost. */
	private control(op: number, persona: number, id: number, result: number, data: Uint8Array): void {
		const message = Buffer.concat([veilResponse.encode({ op, persona, id, result }), data]);
		if (this.line.room(VEIL_MUX_CONTROL) >= message.length) this.line.send(VEIL_MUX_CONTROL, message);
	}

	private start(index: number, reason: number): void {
		const guest = this.guests[index]!;
		if (guest.starts > 0) guest.restarts++;
		Object.assign(guest, { starts: guest.starts + 1, state: STATE.running, reason, ready: guest.plan.callsReady ? 1 : 0 });
		guest.pending = Buffer.alloc(0);
		this.changed(index);
		this.record(index, `started, time ${guest.starts}`);
		this.say(index, guest.plan.says);
		if (guest.plan.ends !== undefined) this.end(index, STATE[guest.plan.ends], guest.plan.ends === "off" ? 2 : 4, 0xbadn);
	}

	private end(index: number, state: number, reason: number, pc: bigint): void {
		Object.assign(this.guests[index]!, { state, reason, fault: state === STATE.crashed ? pc : 0n });
		this.changed(index);
		this.record(index, `ended \x1b]0;evil\x07 with state ${state}`);
	}

	private changed(index: number): void {
		const { state, reason, starts } = this.guests[index]!;
		this.control(VEIL_EVENT_STATE, index, 0, 0, veilEventState.encode({ state, reason, reserved: 0, starts }));
	}

	private record(persona: number, text: string): void {
		this.log.push({ persona, text });
	}

	private request(payload: Buffer): void {
		if (payload.length !== veilRequest.size) return;
		const { op, persona, id, argument } = veilRequest.read(payload);
		if (this.scenario.deafTo?.includes(op)) return;
		if (op === 2 && this.statusesToLose > 0) {
			this.statusesToLose--;
			return;
		}
		const [result, data] = this.answer(op, persona, argument);
		this.control(op, persona, id, result, data);
		if (op === 11 && !this.scenario.ignoresPowerOff) this.poweredOff();
	}

	private answer(op: number, index: number, argument: number): [number, Uint8Array] {
		const none = new Uint8Array();
		if (op === 1) return [0, this.systemStatus()];
		if (op === 9) {
			const entry = this.log[argument];
			if (entry === undefined) return [5, none];
			const head = veilLogHeader.encode({ sequence: argument, persona: entry.persona, timeNs: BigInt(argument) * 1_000_000n });
			return [0, Buffer.concat([head, Buffer.from(entry.text)])];
		}
		if (op === 11) return [0, none];
		if (op >= 16 && op <= 21) return [1, none]; // it knows of no policy
		const guest = this.guests[index];
		if (guest === undefined) return [3, none];
		if (op === 2) return [0, this.personaStatus(index)];
		if (op === 3 && guest.state !== STATE.running) this.start(index, 1);
		else if (op === 4) this.end(index, STATE.stopped, 1, 0n);
		else if (op === 5 || op === 6) {
			if (guest.state !== STATE.running && guest.state !== STATE.paused) return [4, none];
			guest.state = op === 5 ? STATE.paused : STATE.running;
			this.changed(index);
		} else if (op === 7) this.start(index, 1);
		else if (op === 8) this.foreground = index;
		else if (op === 10) return [0, this.statistics()];
		else if (op === 32) this.beside = argument === 1 ? index : VEIL_NO_PERSONA;
		else if (op > 11) return [1, none];
		return [0, none];
	}

	private systemStatus(): Uint8Array {
		this.asked = process.hrtime.bigint();
		return veilStatusSystem.encode({
			bootEpoch: this.epoch,
			uptimeNs: this.asked,
			idleNs: this.asked / 2n,
			cpus: 1,
			personas: this.guests.length,
			foreground: this.foreground,
			muxGarbage: this.line.garbage,
			muxDropped: 0n,
			memoryVeil: 300_000n,
			memoryPayloads: 40_000_000n,
			logNext: this.log.length,
			beside: this.beside,
		});
	}

	private personaStatus(index: number): Uint8Array {
		const { plan, state, reason, ready, restarts, starts, fault } = this.guests[index]!;
		return veilStatusPersona.encode({
			state,
			reason,
			ready,
			foreground: this.foreground === index ? 1 : 0,
			restarts,
			starts,
			cpuCount: 1,
			cpuTimeNs: this.asked / 4n,
			memoryTotal: 192n << 20n,
			memoryTouched: 60n << 20n,
			fault: { syndrome: fault === 0n ? 0n : 0x96000010n, pc: fault, address: 0n, vcpu: 0, reserved: 0 },
			name: Buffer.from(plan.name.padEnd(32, "\0"), "latin1"),
		});
	}

	private statistics(): Uint8Array {
		return veilStatistics.encode({
			exits: 100n,
			hypercalls: 1n,
			smc: 2n,
			wfi: 3n,
			mmio: 4n,
			systemRegisters: 5n,
			interrupts: 6n,
			populated: 7n,
			refusedMemory: 8n,
			refusedRegisters: 9n,
			refusedCalls: 10n,
			switches: 11n,
			refusedStorage: 0n,
			transfers: 0n,
			transferBytes: 0n,
			refusedTransfers: 0n,
		});
	}
}
