// SPDX-License-Identifier: Apache-2.0
// What tests do with a handset that is fake.
import { expect } from "vitest";
import { type HandsetState, handsetEndpoints, startHandset } from "../../../components/handset/index.ts";
import { waitUntil } from "../../../components/handset/processes.ts";
import { connection } from "../../connection.ts";
import { type Fixture, type Scenario, twoUp } from "./fixture.ts";

/** Starts a handset; it resolves when every persona is READY. */
export function startFake(fixture: Fixture, id: string, scenario: Scenario = twoUp): Promise<HandsetState> {
	return startHandset(fixture.spec(id), fixture.image(scenario), { personas: fixture.expect(scenario) });
}

/** Fails the test when it does not come true in time. */
export async function until(what: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
	expect(await waitUntil(what, { deadlineMs })).toBe(true);
}

/** Types at a persona's console. */
export async function type(id: string, persona: string, text: string): Promise<void> {
	const socket = connection((await handsetEndpoints(id)).consoles[persona]!);
	await new Promise<void>((resolve) => socket.write(text, () => resolve()));
	socket.end();
}
