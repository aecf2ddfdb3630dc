// SPDX-License-Identifier: Apache-2.0
// Starts a provider process on given stages: serves, prints the port as Pulumi's plugin protocol asks, and leaves with its engine.
import { unlessListening } from "../../tools/language-host/parent.mjs";
import { withoutProxyHere } from "../../tools/network.mjs";
import type { Settings } from "./configuration.ts";
import { engineLog } from "./engine.ts";
import { watchLifetime } from "./lifetime.ts";
import { serve } from "./server.ts";
import { Session } from "./session.ts";
import type { Stages } from "./stages.ts";

export async function startProvider(loadStages: (settings: Settings) => Promise<Stages>): Promise<void> {
	// The engine is on this machine: it is not asked for through a proxy.
	Object.assign(process.env, withoutProxyHere());
	const session = new Session(loadStages);
	watchLifetime({ parent: () => process.ppid, stop: () => session.cancel(), leave: (status) => process.exit(status) });

	// Something that went wrong outside any call must not take the calls in flight with it: each of them answers for itself.
	const note = (error: unknown) => console.error(error);
	process.on("uncaughtException", note);
	process.on("unhandledRejection", note);

	const engine = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
	if (engine !== undefined) {
		unlessListening(engine, () => process.exit(1));
		session.connect(engine, engineLog);
	}
	const { port } = await serve(session);
	process.stdout.write(`${port}\n`);
}
