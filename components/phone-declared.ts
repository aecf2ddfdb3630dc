// SPDX-License-Identifier: Apache-2.0
// What a Phone was declared as: reads and checks its documents, and hands their parts on as they were given, so that outputs stay
// outputs and secrets stay secret.
import { relative, resolve } from "node:path";
import type { GuestImageArgs } from "./guest-image.ts";
import type { HandsetArgs } from "./handset.ts";
import type { InputsOf } from "./inputs.ts";
import type { PhoneParts, PhoneResult } from "./manifest/index.ts";
import type { PhoneArgs } from "./phone.ts";
import { Output, output, RunError } from "./sdk.ts";
import { projectRoot } from "./util/paths.ts";

export interface DeclaredPhone {
	readonly board: string;
	readonly target: NonNullable<HandsetArgs["target"]>;
	readonly personas: readonly { readonly name: string; readonly document: GuestImageArgs["document"] }[];
	/** The phone for a DeviceImage. */
	readonly source: string | InputsOf<PhoneParts>;
}

/** Throws a RunError with all problems of all documents, each with its place first. */
export async function declaredPhone(args: PhoneArgs): Promise<DeclaredPhone> {
	const folder = projectRoot();
	const { value, complete } = await settle(args);
	const plain = value as { readonly phone?: unknown } & PhoneParts;
	if ("phone" in args) {
		if (typeof plain.phone !== "string") throw new RunError("phone: the path of a Phone document must be known in previews");
		return fromFile(plain.phone, folder);
	}
	return complete ? fromParts(args, plain, folder) : fromIncompleteParts(args, plain, folder);
}

async function fromFile(path: string, folder: string): Promise<DeclaredPhone> {
	const { loadAndCheckPhone } = await import("./policy/index.ts");
	const { phone, personas } = await orProblems(await loadAndCheckPhone(resolve(folder, path)), folder);
	const { board, target } = phone.document;
	return {
		board,
		target: { via: target.via as "qemu", cpus: target.cpus },
		personas: personas.map(({ document, file }) => ({ name: document.name, document: relative(folder, file) })),
		source: relative(folder, phone.file),
	};
}

async function fromParts(args: InputsOf<PhoneParts>, plain: PhoneParts, folder: string): Promise<DeclaredPhone> {
	const { loadAndCheckParts } = await import("./policy/index.ts");
	const { phone, personas } = await orProblems(await loadAndCheckParts(plain, folder), folder);
	const { board, target } = phone.document;
	return {
		board,
		target: { via: target.via as "qemu", cpus: target.cpus },
		personas: personas.map(({ document }, index) => ({ name: document.name, document: partOf(args, index) })),
		source: args,
	};
}

/** In a preview, where some parts are not known yet: the resources check them when they are. */
async function fromIncompleteParts(args: InputsOf<PhoneParts>, plain: PhoneParts, folder: string): Promise<DeclaredPhone> {
	const { phoneFromParts } = await import("./manifest/index.ts");
	const known = (what: string) => new RunError(`${what} must be known in previews`);
	if (typeof plain.board !== "string") throw known("board");
	if (!Array.isArray(plain.personas)) throw known("personas");
	const { board } = plain;
	const names = plain.personas.map(async (persona, index) => {
		if (typeof persona === "object" && typeof persona?.name === "string") return persona.name;
		const { draft } = await phoneFromParts({ name: "preview", board, personas: [persona] }, folder);
		const name = draft.personas[0]?.document.name;
		if (name === undefined) throw known(`personas[${index}].name`);
		return name;
	});
	return {
		board,
		target: { via: "qemu", cpus: plain.target?.cpus ?? 2 },
		personas: (await Promise.all(names)).map((name, index) => ({ name, document: partOf(args, index) })),
		source: args,
	};
}

/** A persona as it was given. */
function partOf(args: InputsOf<PhoneParts>, index: number): GuestImageArgs["document"] {
	const { personas } = args;
	if (Array.isArray(personas)) return personas[index] as GuestImageArgs["document"];
	return output(personas).apply((all) => (all as unknown[])[index]) as GuestImageArgs["document"];
}

async function orProblems(result: PhoneResult, folder: string): Promise<NonNullable<PhoneResult["resolved"]>> {
	if (result.resolved !== undefined) return result.resolved;
	const { renderProblems } = await import("./manifest/index.ts");
	throw new RunError(renderProblems(result.problems, folder));
}

/**
 * The plain value of inputs; `complete` is false when a part is not known yet, which is then left out. (`isKnown` and `promise` are how
 * the SDK's own components look into an output.)
 */
async function settle(input: unknown): Promise<{ value: unknown; complete: boolean }> {
	if (Output.isInstance(input)) {
		const output = input as unknown as { isKnown: Promise<boolean>; promise(): Promise<unknown> };
		return (await output.isKnown) ? settle(await output.promise()) : { value: undefined, complete: false };
	}
	if (input instanceof Promise) return settle(await input);
	if (Array.isArray(input)) {
		const items = await Promise.all(input.map(settle));
		return { value: items.map(({ value }) => value), complete: items.every(({ complete }) => complete) };
	}
	if (typeof input !== "object" || input === null) return { value: input, complete: true };
	const members = await Promise.all(Object.entries(input).map(async ([name, member]) => [name, await settle(member)] as const));
	return {
		value: Object.fromEntries(members.filter(([, { value }]) => value !== undefined).map(([name, { value }]) => [name, value])),
		complete: members.every(([, { complete }]) => complete),
	};
}
