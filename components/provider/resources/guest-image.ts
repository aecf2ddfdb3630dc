// SPDX-License-Identifier: Apache-2.0
// GuestImage: the operating system of one persona, built from its document and overlay.
import type { GuestInputs } from "../../image/index.ts";
import type { Loaded, Persona } from "../../manifest/index.ts";
import { documentFailures, InputReader } from "../inputs.ts";
import { asValue, hasUnknown, isObject, type Properties, UNKNOWN, type Value } from "../properties.ts";
import type { Operation } from "../session.ts";
import type { PersonaSource } from "../stages.ts";
import { imageKind } from "./image.ts";

const SOURCE = "document";

/** The document again, for what the inputs leave out because it differs between machines: where the files are. */
async function documentOf(operation: Operation, inputs: Properties): Promise<Loaded<Persona>> {
	const { draft, problems } = await operation.stages.loadPersona(documentValue(inputs), String(inputs.board));
	const persona = draft.personas[0];
	if (persona !== undefined) return persona;
	throw new Error(`the document of ${operation.name} cannot be read any more: ${problems[0]?.message ?? "it is gone"}`);
}

function documentValue(inputs: Properties): PersonaSource {
	const value = inputs[SOURCE];
	if (typeof value === "string" || isObject(value)) return value as PersonaSource;
	throw new Error("a checked guest image has no document");
}

function guestInputs(inputs: Properties): GuestInputs {
	const { [SOURCE]: _, ...rest } = inputs;
	return rest as unknown as GuestInputs;
}

/** What an unknown document leaves known: its parts as they are. */
function unexpanded(document: Value, board: string | typeof UNKNOWN): Properties {
	return { [SOURCE]: document, board };
}

export const guestImage = imageKind({
	what: "guest image",
	sources: [SOURCE],
	extra: (inputs) => ({ persona: inputs.persona ?? UNKNOWN, board: inputs.board ?? UNKNOWN }),

	async check(operation, news) {
		const reader = new InputReader(news, [SOURCE, "board"]);
		const document = reader.document(SOURCE);
		const board = reader.text("board");
		if (reader.failures.length > 0) return { inputs: news, failures: reader.failures };
		if (board === UNKNOWN || hasUnknown(document)) return { inputs: unexpanded(document, board), failures: [] };
		const { stages } = operation;
		const { draft, problems } = await stages.loadPersona(documentValue(news), board);
		const persona = draft.personas[0];
		if (problems.length > 0 || persona === undefined || draft.board === undefined) {
			return { inputs: news, failures: documentFailures(problems, stages.projectDir, (property) => property) };
		}
		const inputs = asValue(await stages.guestInputs(persona, draft.board.document));
		return { inputs: { ...(isObject(inputs) ? inputs : {}), [SOURCE]: document }, failures: [] };
	},

	key: (operation, inputs) => operation.stages.guestKey(guestInputs(inputs)),

	build: (operation, inputs) => async (work) =>
		operation.stages.buildGuest(guestInputs(inputs), await documentOf(operation, inputs), work),
});
