// SPDX-License-Identifier: Apache-2.0
// The function behind the Phone component: reads and checks a phone's documents, and says of which resources it consists. The component
// itself runs in the user's program, which so need not load what reads documents.
import { relative } from "node:path";
import { renderProblems } from "../manifest/problem.ts";
import { asValue, isObject, type Properties, type Value } from "./properties.ts";
import type { PhoneSource, Stages } from "./stages.ts";

/** What the component gets. With problems there is nothing else. */
export interface PhoneDescription {
	readonly problems: string;
	readonly board: string;
	readonly target: { readonly via: string; readonly cpus: number };
	/** In the phone's order; `document` is the path of the persona's document, relative to Pulumi.yaml's folder, unless it is in code. */
	readonly personas: readonly { readonly name: string; readonly document?: string }[];
}

/** `complete` is false in a preview some values of which are not known: then names are found out and nothing is judged. */
export async function describePhone(stages: Stages, args: Properties): Promise<Properties> {
	const { phone, complete } = args;
	if (phone === undefined) return failed("give the path of a Phone document as `phone`, or the phone's parts");
	const description =
		complete === false && isObject(phone) ? await incomplete(stages, phone) : await whole(stages, phone as PhoneSource);
	return asValue(description) as Properties;
}

async function whole(stages: Stages, phone: PhoneSource): Promise<PhoneDescription | Properties> {
	const { projectDir } = stages;
	const { resolved, problems } = await stages.loadPhone(phone);
	if (resolved === undefined) return failed(renderProblems(problems, projectDir));
	const { board, target } = resolved.phone.document;
	const given = typeof phone === "string" ? [] : phone.personas;
	const personas = resolved.personas.map(({ document: { name }, file }, index) =>
		typeof given[index] === "object" ? { name } : { name, document: relative(projectDir, file) },
	);
	return { problems: "", board, target, personas };
}

async function incomplete(stages: Stages, phone: Properties): Promise<PhoneDescription | Properties> {
	const { board, personas, target } = phone;
	if (typeof board !== "string") return failed("board must be known in previews");
	if (!Array.isArray(personas)) return failed("personas must be known in previews");
	const cpus = isObject(target) && typeof target.cpus === "number" ? target.cpus : 2;
	const found: { name: string; document?: string }[] = [];
	for (const [index, persona] of personas.entries()) {
		const name = await nameOf(stages, persona, board);
		if (name === undefined) return failed(`personas[${index}].name must be known in previews`);
		found.push({ name, ...(typeof persona === "string" ? { document: persona } : {}) });
	}
	return { problems: "", board, target: { via: "qemu", cpus }, personas: found };
}

async function nameOf(stages: Stages, persona: Value, board: string): Promise<string | undefined> {
	if (isObject(persona)) return typeof persona.name === "string" ? persona.name : undefined;
	if (typeof persona !== "string") return undefined;
	return (await stages.loadPersona(persona, board)).draft.personas[0]?.document.name;
}

function failed(problems: string): Properties {
	return { problems };
}
