// SPDX-License-Identifier: Apache-2.0
// Builds the guests of a phone in a process of its own, whose umask, time zone and folders the test chose: STORE PHONE.
import { dirname } from "node:path";
import { buildGuest, guestInputs, guestSources, loadLock, openStore } from "../../components/image/index.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";

const [storeDir = "", phone = ""] = process.argv.slice(2);
const { resolved, problems } = await loadAndCheckPhone(phone);
if (resolved === undefined) throw new Error(JSON.stringify(problems));
const store = await openStore(storeDir);
const lock = await loadLock(dirname(dirname(phone)));
const context = { store, lock, progress: (message: string) => console.error(message), projectDir: dirname(phone) };
const built: Record<string, unknown> = {};
for (const persona of resolved.personas) {
	const inputs = await guestInputs(persona, resolved.board.document, lock);
	const { key, digest, size } = await buildGuest(inputs, guestSources(persona), context);
	built[persona.document.name] = { key, digest, size };
}
console.log(JSON.stringify(built));
