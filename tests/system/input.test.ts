// SPDX-License-Identifier: Apache-2.0
// Keys and touch of a handset: the persona in front gets them, nobody else; none sticks; who is to be locked is told.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

const KEY_A = 30;
const KEY_SCREENLOCK = 152;
const BUTTON = 272;
const RANGE = 0x7fff;
const [STRIP_ROWS, HEIGHT] = [32, 480];

let workshop: Workshop;
let phone: GuestPhone;
beforeAll(async () => {
	workshop = await openWorkshop();
	const listens = { guest: "input_snoop", input: true, display: true };
	phone = await workshop.start([
		{ ...listens, name: "work", label: "Work", colour: 0xc0392b, lockOnLeave: true },
		{ ...listens, name: "personal", label: "Personal", colour: 0x2471a3 },
	]);
	for (const name of ["work", "personal"]) await phone.says(name, "listening");
});
afterAll(async () => {
	await phone.stop();
	workshop.close();
});

/** What a persona has heard since it was last asked: `type code value`, without the reports that end each bunch. */
function hearing(name: string): () => string[] {
	let seen = 0;
	return () => {
		const all = [...phone.console(name).matchAll(/^event (\d+ \d+ \d+)$/gm)].map(([, event = ""]) => event);
		const fresh = all.slice(seen).filter((event) => event !== "0 0 0");
		seen = all.length;
		return fresh;
	};
}

const key = (down: boolean) => ({ type: "key", data: { down, key: { type: "qcode", data: "a" } } });
const at = (axis: "x" | "y", value: number) => ({ type: "abs", data: { axis, value } });
const button = (down: boolean) => ({ type: "btn", data: { down, button: "left" } });

/** Waits until a persona has heard something, then gives all it has heard. */
async function heard(name: string, event: string, listen: () => string[]): Promise<string[]> {
	const all: string[] = [];
	await phone.until(`${name} heard ${event}`, () => {
		all.push(...listen());
		return all.includes(event);
	});
	return all;
}

it("gives a key to the persona in front alone", async () => {
	const [work, personal] = [hearing("work"), hearing("personal")];
	await phone.send([key(true), key(false)]);
	expect(await heard("work", `1 ${KEY_A} 0`, work)).toEqual([`1 ${KEY_A} 1`, `1 ${KEY_A} 0`]);
	await phone.control.switchTo("personal");
	await phone.send([key(true), key(false)]);
	await heard("personal", `1 ${KEY_A} 0`, personal);
	expect(work().filter((event) => event.includes(` ${KEY_A} `))).toEqual([]);
	expect(personal()).toEqual([]);
});

it("releases a key that is held across a switch, and its end is nobody's", async () => {
	const [work, personal] = [hearing("work"), hearing("personal")];
	for (const listen of [work, personal]) listen();
	await phone.send([key(true)]);
	await heard("personal", `1 ${KEY_A} 1`, personal);
	await phone.control.switchTo("work");
	expect(await heard("personal", `1 ${KEY_A} 0`, personal)).toEqual([`1 ${KEY_A} 0`]);
	await phone.send([key(false)]);
	await phone.send([key(true), key(false)]);
	expect(await heard("work", `1 ${KEY_A} 0`, work)).toEqual([`1 ${KEY_A} 1`, `1 ${KEY_A} 0`]);
	expect(personal()).toEqual([]);
});

it("presses the lock key of a persona that is to be locked when the user leaves it, and of no other", async () => {
	const [work, personal] = [hearing("work"), hearing("personal")];
	for (const listen of [work, personal]) listen();
	await phone.control.switchTo("personal");
	expect(await heard("work", `1 ${KEY_SCREENLOCK} 0`, work)).toEqual([`1 ${KEY_SCREENLOCK} 1`, `1 ${KEY_SCREENLOCK} 0`]);
	await phone.control.switchTo("work");
	expect(personal()).toEqual([]);
});

it("tells where the screen was touched in the persona's own picture, and keeps touches of the strip", async () => {
	const work = hearing("work");
	work();
	const below = Math.floor((STRIP_ROWS * RANGE) / HEIGHT);
	await phone.send([at("x", 1000), at("y", 10)]);
	await phone.send([button(true)]);
	await phone.send([button(false)]);
	await phone.send([at("x", 16000), at("y", 20_000)]);
	await phone.send([button(true)]);
	await phone.send([button(false)]);
	const events = await heard("work", `1 ${BUTTON} 0`, work);
	expect(events).toEqual([
		"3 0 1000",
		"3 1 0",
		"3 0 16000",
		`3 1 ${Math.floor(((20_000 - below) * RANGE) / (RANGE - below))}`,
		`1 ${BUTTON} 1`,
		`1 ${BUTTON} 0`,
	]);
});

it("brings a persona to the front when its picture beside the other is touched", async () => {
	const [work, personal] = [hearing("work"), hearing("personal")];
	await phone.control.showBeside("personal");
	await phone.until("both are drawn", async () => (await phone.control.systemStatus()).beside === 1);
	for (const listen of [work, personal]) listen();
	await phone.until("touched", async () => {
		await phone.send([at("x", 24_576), at("y", 20_000)]);
		await phone.send([button(true)]);
		await phone.send([button(false)]);
		return (await phone.control.systemStatus()).foreground === 1;
	});
	const events = await heard("personal", `1 ${BUTTON} 0`, personal);
	expect(events).toContain("3 0 16384");
	expect(events.indexOf("3 0 16384")).toBeLessThan(events.indexOf(`1 ${BUTTON} 1`));
	expect(work().filter((event) => event.includes(`${KEY_SCREENLOCK}`))).toEqual([]);
	await phone.control.showBeside(undefined);
	await heard("work", `1 ${KEY_SCREENLOCK} 0`, work);
});
