// SPDX-License-Identifier: Apache-2.0
// Builds the guests of a phone in a process of its own, whose umask, time zone and folders the test chose: STORE PHONE. With a third
// word, `device`, it builds Veil and composes the device image too.
import { dirname } from "node:path";
import {
	type Artifact,
	buildGuest,
	buildHypervisor,
	composeDeviceImage,
	deviceImageInputs,
	guestInputs,
	guestSources,
	hypervisorInputs,
	loadLock,
	openStore,
} from "../../components/image/index.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";

const [storeDir = "", phone = "", device] = process.argv.slice(2);
const { resolved, problems } = await loadAndCheckPhone(phone);
if (resolved === undefined) throw new Error(JSON.stringify(problems));
const store = await openStore(storeDir);
const lock = await loadLock(dirname(dirname(phone)));
const context = { store, lock, progress: (message: string) => console.error(message), projectDir: dirname(phone) };
const board = resolved.board.document;
const guests: Record<string, Artifact> = {};
for (const persona of resolved.personas) {
	guests[persona.document.name] = await buildGuest(await guestInputs(persona, board, lock), guestSources(persona), context);
}
const built: Record<string, Artifact> = { ...guests };
if (device === "device") {
	const hypervisor = await buildHypervisor(await hypervisorInputs(board), context);
	const keys = Object.fromEntries(Object.entries(guests).map(([name, { key }]) => [name, key]));
	built.veil = hypervisor;
	built.device = await composeDeviceImage(deviceImageInputs(resolved, hypervisor.key, keys), { hypervisor, guests }, context);
}
const shown = Object.entries(built).map(([name, { key, digest, size }]) => [name, { key, digest, size }]);
console.log(JSON.stringify(Object.fromEntries(shown)));
