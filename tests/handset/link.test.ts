// SPDX-License-Identifier: Apache-2.0
// The bridge's end of the line against a fake Veil, with every byte in order and with hellos that cross.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswer, encodeRequest } from "../../components/handset/control-messages.ts";
import { ReceiveCredit, SendCredit } from "../../components/handset/credits.ts";
import { MuxLink } from "../../components/handset/link.ts";
import { type FakeScenario, FakeVeil } from "./fake/fake-veil.ts";

/** Both ends with a queue each way, so that a test decides when bytes arrive. */
function connected(scenario: FakeScenario) {
	const toVeil: Buffer[] = [];
	const toBridge: Buffer[] = [];
	const seen = { consoles: scenario.guests.map(() => ""), answers: [] as number[], hellos: 0, raw: "" };
	const veil = new FakeVeil(
		scenario,
		(bytes) => toBridge.push(bytes),
		() => {},
	);
	const link = new MuxLink({
		write: (bytes) => toVeil.push(bytes),
		payload: (channel, payload) => {
			if (channel > 0) seen.consoles[channel - 1] += payload.toString("latin1");
			const answer = channel === 0 ? decodeAnswer(payload) : undefined;
			if (answer !== undefined && answer.id !== 0) seen.answers.push(answer.id);
		},
		raw: (bytes) => {
			seen.raw += bytes.toString("latin1");
		},
		hello: () => {
			seen.hellos++;
		},
	});
	const moveOne = (direction: "veil" | "bridge") => {
		const bytes = direction === "veil" ? toVeil.shift() : toBridge.shift();
		if (bytes !== undefined) direction === "veil" ? veil.receive(bytes) : link.receive(bytes);
		return bytes !== undefined;
	};
	/** All that is under way to the bridge comes in one piece. */
	const moveAll = () => link.receive(Buffer.concat(toBridge.splice(0)));
	const settle = () => {
		while (moveOne("veil") || moveOne("bridge"));
	};
	return { veil, link, seen, moveOne, moveAll, settle };
}

const long = "0123456789abcdef".repeat(8192);

describe("MuxLink", () => {
	it("passes far more than a window both ways", () => {
		const { veil, link, seen, settle } = connected({ guests: [{ name: "a", says: long }] });
		link.sayHello();
		veil.boot();
		settle();
		expect(seen.consoles[0]).toBe(long);
		link.sendConsole(0, Buffer.from("y".repeat(5000)));
		settle();
		expect(veil.heard[0]).toBe("y".repeat(5000));
		expect(link.queued(1)).toBe(0);
	});

	it("sends nothing but hellos before Veil has answered", () => {
		const { veil, link, settle, moveOne } = connected({ guests: [{ name: "a", says: "" }] });
		link.sendConsole(0, Buffer.from("early"));
		expect(moveOne("veil")).toBe(false);
		link.sayHello();
		settle();
		expect(veil.heard[0]).toBe("early");
	});

	it("loses and repeats nothing, however hellos, data, questions and grants cross, and in what pieces they come", () => {
		const steps = fc.constantFrom("veil", "bridge", "bridge at once", "hello", "type", "ask");
		fc.assert(
			fc.property(fc.array(steps, { maxLength: 200 }), (steps) => {
				const { veil, link, seen, moveOne, moveAll, settle } = connected({ guests: [{ name: "a", says: long.slice(0, 40_000) }] });
				let typed = "";
				let asked = 0;
				let booted = false;
				for (const step of steps) {
					if (step === "hello") link.sayHello();
					else if (step === "type") {
						const text = `<${typed.length}>`.padEnd(300, ".");
						typed += text;
						link.sendConsole(0, Buffer.from(text));
					} else if (step === "ask") link.sendControl(encodeRequest(2, 0, ++asked));
					else if (step === "bridge at once") moveAll();
					else moveOne(step);
					if (!booted && step === "bridge") {
						veil.boot();
						booted = true;
					}
				}
				if (!booted) veil.boot();
				link.sayHello();
				settle();
				expect(veil.heard[0]).toBe(typed);
				expect(seen.answers).toEqual(Array.from({ length: asked }, (_, index) => index + 1));
				expect(seen.consoles[0]?.startsWith(long.slice(0, 40_000))).toBe(true);
			}),
			{ numRuns: 200 },
		);
	});

	it("goes on after lost bytes once it has said hello again", () => {
		const { veil, link, seen, settle } = connected({ guests: [{ name: "a", says: "" }] });
		link.sayHello();
		veil.boot();
		settle();
		link.receive(Buffer.from([0xb5, 0x62, 0, 0, 0, 0x21]));
		expect(link.garbage).toBe(1);
		link.sayHello();
		for (let id = 1; id <= 200; id++) link.sendControl(encodeRequest(2, 0, id));
		settle();
		expect(seen.answers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
	});

	it("hands panic output over as it came", () => {
		const { veil, link, seen, settle } = connected({ guests: [{ name: "a", says: "hi" }] });
		link.sayHello();
		settle();
		veil.spill(Buffer.from("VEIL PANIC\n"));
		settle();
		expect(seen.raw).toBe("VEIL PANIC\n");
	});
});

describe("credits", () => {
	it("go on past 2^32", () => {
		const send = new SendCredit();
		const receive = new ReceiveCredit(4096);
		const pass = (bytes: number) => {
			send.use(bytes);
			receive.take(bytes);
			send.grant(receive.due() ?? 0);
		};
		send.grant(receive.due() ?? 0);
		// Four giant steps to just below the end of the circle, then small ones over it.
		for (let step = 0; step < 4; step++) {
			send.grant((step + 1) * 2 ** 30 - 1);
			pass(step === 0 ? 2 ** 30 - 1 : 2 ** 30);
		}
		for (let step = 0; step < 100; step++) {
			expect(send.available).toBeGreaterThan(2047);
			pass(2048);
		}
	});

	it("ignore grants that are old or repeated", () => {
		const send = new SendCredit();
		send.grant(100);
		send.use(60);
		send.grant(100);
		send.grant(50);
		expect(send.available).toBe(40);
		expect(() => send.use(41)).toThrow(RangeError);
	});
});
