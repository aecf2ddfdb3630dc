// SPDX-License-Identifier: Apache-2.0
// Reads a Phone document and every document it names.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { projectRoot, UserError } from "../util/index.ts";
import { findBoard } from "./board.ts";
import { withDefaults, withForeground } from "./defaults.ts";
import { checkSource, readSource, type Source } from "./document.ts";
import { guestFileProblems } from "./guest-files.ts";
import type { Loaded } from "./loaded.ts";
import type { DocumentPath } from "./positions.ts";
import { type Problem, problemAt } from "./problem.ts";
import { schemaOf } from "./schema.ts";
import { plainText } from "./shown.ts";
import { type PhoneSigning, phoneSigning } from "./signing.ts";
import { didYouMean } from "./suggest.ts";
import type { Board, Persona, Phone, Policy, Rules } from "./types.ts";

/** A phone with all its documents, each valid by itself. */
export interface ResolvedPhone {
	readonly phone: Loaded<Phone>;
	readonly board: Loaded<Board>;
	readonly personas: readonly Loaded<Persona>[];
	readonly policy: Loaded<Policy>;
	readonly rules?: Loaded<Rules>;
	/** Undefined where images are not signed. */
	readonly signing?: PhoneSigning;
}

/** What could be read of a phone: lets cross-document checks run beside the problems of single documents. */
export interface PhoneDraft extends Partial<ResolvedPhone> {
	readonly personas: readonly Loaded<Persona>[];
	/** True when every persona the phone names could be read, so that a name that is not found really is wrong. */
	readonly allPersonas: boolean;
}

export interface PhoneResult {
	/** Present when there are no problems. */
	readonly resolved?: ResolvedPhone;
	readonly draft: PhoneDraft;
	/** All problems of all documents. */
	readonly problems: readonly Problem[];
}

/** The documents of a phone as they were given. */
export interface PhoneSources {
	readonly phone: Source;
	readonly personas: readonly Source[];
	readonly policy?: Source;
	readonly rules?: Source;
	/** Problems of naming them. */
	readonly problems: readonly Problem[];
	/** The folder whose `boards/` is looked at first. */
	readonly projectDir: string;
}

/** Reads the phone's document and all it names; reports the problems of all files at once. What reaches across documents is checked by components/policy. */
export async function loadPhone(phoneFile: string): Promise<PhoneResult> {
	const file = path.resolve(phoneFile);
	const phone = readSource(file);
	const named = (typeof phone.value === "object" && phone.value !== null ? phone.value : {}) as Record<string, unknown>;
	const references = new References(phone, path.dirname(file));
	const personas = personaList(named.personas);
	const sources = personas.map((item, i) => references.read(["personas", i], item));
	const policy = references.read(["policy"], named.policy);
	const rules = references.read(["rules"], named.rules);
	return assemblePhone({
		phone,
		personas: sources.filter((source) => source !== undefined),
		...(policy === undefined ? {} : { policy }),
		...(rules === undefined ? {} : { rules }),
		problems: references.problems,
		projectDir: projectOf(path.dirname(file)),
	});
}

/** Validates all documents of a phone and fills in their defaults. */
export async function assemblePhone(sources: PhoneSources): Promise<PhoneResult> {
	const checked = checkSource("Phone", sources.phone);
	const problems = [...checked.problems, ...sources.problems];
	const collect = <T>(result: { loaded?: Loaded<T>; problems: readonly Problem[] }): Loaded<T> | undefined => {
		problems.push(...result.problems);
		return result.loaded;
	};
	const personas = sources.personas
		.map((source) => collect(checkSource("Persona", source)))
		.filter((persona) => persona !== undefined);
	for (const persona of personas) problems.push(...guestFileProblems(persona));
	const policy = sources.policy === undefined ? nothingShared(sources.phone) : collect(checkSource("Policy", sources.policy));
	const rules = sources.rules === undefined ? undefined : collect(checkSource("Rules", sources.rules));
	const board = await boardOf(sources, problems);
	const named = (checked.loaded?.document.personas.length ?? -1) === personas.length;
	const phone = checked.loaded && {
		...checked.loaded,
		document: withForeground(checked.loaded.document, personas[0]?.document.name),
	};
	const { signing, problems: keyProblems } = checked.loaded === undefined ? { problems: [] } : phoneSigning(checked.loaded);
	problems.push(...keyProblems);
	const draft: PhoneDraft = {
		personas,
		allPersonas: named,
		...(phone === undefined ? {} : { phone }),
		...(board === undefined ? {} : { board }),
		...(policy === undefined ? {} : { policy }),
		...(rules === undefined ? {} : { rules }),
		...(signing === undefined ? {} : { signing }),
	};
	if (problems.length > 0 || phone === undefined || board === undefined || policy === undefined) return { draft, problems };
	const optional = { ...(rules === undefined ? {} : { rules }), ...(signing === undefined ? {} : { signing }) };
	return { resolved: { phone, board, personas, policy, ...optional }, draft, problems };
}

/** What is listed under `personas`: no more than a phone may name, so that no document makes us read files without end. */
export function personaList(personas: unknown): readonly unknown[] {
	return Array.isArray(personas) ? personas.slice(0, schemaOf("Phone").properties?.personas?.maxItems) : [];
}

/** The board a phone names, even where the rest of its document is wrong. */
async function boardOf({ phone, projectDir }: PhoneSources, problems: Problem[]): Promise<Loaded<Board> | undefined> {
	const name = typeof phone.value === "object" && phone.value !== null ? (phone.value as { board?: unknown }).board : undefined;
	if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name)) return undefined; // said by the schema
	const found = await findBoard(name, projectDir);
	problems.push(...found.problems);
	if (found.fault !== undefined) problems.push(problemAt(phone.file, phone.positions.value(["board"]), found.fault));
	return found.board;
}

/** The policy of a phone that names none. */
function nothingShared(phone: Source): Loaded<Policy> {
	const place = phone.positions.value(["policy"]);
	const document = withDefaults("Policy", { version: 1, kind: "Policy", name: "nothing-shared" });
	return { document, file: phone.file, positions: { value: () => place, key: () => place } };
}

/** Reads documents that another one names; each file once. */
export class References {
	readonly problems: Problem[] = [];
	readonly #by: Source;
	readonly #folder: string;
	readonly #seen = new Map<string, DocumentPath>();

	constructor(by: Source, folder: string) {
		this.#by = by;
		this.#folder = folder;
	}

	/** The document named at `at`, or undefined where none is or it cannot be read: then a problem tells why. */
	read(at: DocumentPath, named: unknown): Source | undefined {
		if (typeof named !== "string" || named === "") return undefined; // said by the schema
		const file = path.resolve(this.#folder, named);
		const before = this.#seen.get(file);
		const name = at.map((step) => (typeof step === "number" ? `[${step}]` : step)).join("");
		if (before !== undefined) {
			this.#problem(at, `"${name}" names ${plainText(named)} again; allowed: each document once`);
			return undefined;
		}
		this.#seen.set(file, at);
		const source = readSource(file);
		if (source.unreadable === undefined) return source;
		this.#problem(
			at,
			`"${name}" names ${plainText(named)}: ${source.unreadable}; allowed: a document's path from this one${siblingHint(file, named)}`,
		);
		return undefined;
	}

	#problem(at: DocumentPath, message: string): void {
		this.problems.push(problemAt(this.#by.file, this.#by.positions.value(at), message));
	}
}

/** `; did you mean …` with a file of the same folder. */
function siblingHint(file: string, named: string): string {
	const folder = path.dirname(file);
	if (!existsSync(folder)) return "";
	const candidates = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
	return didYouMean(
		named,
		candidates.map((name) => named.slice(0, named.length - path.basename(named).length) + name),
	);
}

/** The project a document belongs to: the folder of the Pulumi.yaml above it, else its own folder. */
function projectOf(folder: string): string {
	try {
		return projectRoot(folder);
	} catch (error) {
		if (error instanceof UserError) return folder;
		throw error;
	}
}
