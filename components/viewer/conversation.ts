// SPDX-License-Identifier: Apache-2.0
// The page's own WebSocket: what the handset does goes out, what buttons ask for comes in.
import type { WebSocket } from "ws";
import { UserError } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import type { FromPage, FromServer, PersonaAction } from "./messages.ts";
import { ACTIONS, type Watch } from "./watch.ts";

/** A page that has not read so much is not sent more; the next status says everything anew. */
const UNREAD_MAX = 1 << 20;

/** Serves one page until it goes. */
export function converse(client: WebSocket, watch: Watch): void {
	const send = (message: FromServer) => {
		if (client.readyState === client.OPEN && client.bufferedAmount < UNREAD_MAX) client.send(JSON.stringify(message));
	};
	const forget = watch.add(send);
	client.on("error", () => client.terminate());
	client.on("close", forget);
	client.on("message", async (data) => {
		try {
			await watch.act(parse(String(data)));
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			send({ kind: "refused", problem: printable(error.message) });
		}
	});
}

function isAction(name: unknown): name is PersonaAction {
	return typeof name === "string" && Object.hasOwn(ACTIONS, name);
}

/** Believes nothing: the page may be of another version. */
function parse(text: string): FromPage {
	try {
		const message: unknown = JSON.parse(text);
		if (typeof message === "object" && message !== null && "do" in message && "persona" in message) {
			const { do: action, persona } = message;
			if (isAction(action) && typeof persona === "string") return { do: action, persona };
		}
	} catch {
		// No JSON: said below.
	}
	throw new UserError("the page asks for something that this viewer does not know", { remedy: "load the page again" });
}
