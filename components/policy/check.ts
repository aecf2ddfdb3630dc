// SPDX-License-Identifier: Apache-2.0
// Runs every check: within documents, across them, for a phone in files or in code, and for single files.
import path from "node:path";
import {
	type AnyDocument,
	type Board,
	checkSource,
	findBoard,
	guestFileProblems,
	type Inline,
	kindOf,
	type Loaded,
	loadPhone,
	type PersonaInput,
	type PhoneDraft,
	type PhoneParts,
	type PhoneResult,
	type Problem,
	partSource,
	phoneFromParts,
	problemAt,
	type ResolvedPhone,
	readSource,
	unknownKind,
} from "../manifest/index.ts";
import { checkAgents } from "./agents.ts";
import { checkBoard } from "./board.ts";
import { checkMemory } from "./memory.ts";
import { checkNames } from "./names.ts";
import { checkPersona } from "./persona.ts";
import { checkPolicy, checkRules } from "./policy.ts";
import { inOrder } from "./problems.ts";
import { checkPhoneRules } from "./rules.ts";
import { checkVolumes } from "./storage.ts";
import { checkSupport } from "./support.ts";
import { checkTablet } from "./tablet.ts";

/** Everything about a phone that no schema shows: names, memory, networks, rules, what the board can do today. */
export function checkPhone(resolved: ResolvedPhone): Problem[] {
	return inOrder(checkDraft({ ...resolved, allPersonas: true }));
}

/** Reads a phone and checks it, across documents too, even where some document has problems of its own. `resolved` only without problems. */
export async function loadAndCheckPhone(phoneFile: string): Promise<PhoneResult> {
	return checked(await loadPhone(phoneFile));
}

/** The same for a phone given in code; see `phoneFromParts`. */
export async function loadAndCheckParts(parts: PhoneParts, baseDir: string): Promise<PhoneResult> {
	return checked(await phoneFromParts(parts, baseDir));
}

/**
 * One persona for a board, by its document's path (relative to `baseDir`) or in code, with every check that needs no other
 * document. Places in a persona given in code begin with `document`. The result's `draft` holds persona and board.
 */
export async function loadAndCheckPersona(
	persona: string | Inline<PersonaInput>,
	boardName: string,
	baseDir: string,
): Promise<{ draft: PhoneDraft; problems: readonly Problem[] }> {
	const folder = path.resolve(baseDir);
	const inCode = typeof persona !== "string";
	const source = inCode ? partSource("Persona", persona, ["document"], folder) : readSource(path.resolve(folder, persona));
	const { loaded, problems } = checkSource("Persona", source);
	const found = await findBoard(boardName, folder);
	const fault = found.fault === undefined ? [] : [problemAt(source.file, { line: 0, column: 0, property: "board" }, found.fault)];
	const { board } = found;
	const draft: PhoneDraft = {
		personas: loaded === undefined ? [] : [loaded],
		allPersonas: false,
		...(board === undefined ? {} : { board }),
	};
	const files = loaded === undefined ? [] : guestFileProblems(loaded);
	return { draft, problems: inOrder([...problems, ...fault, ...found.problems, ...files, ...checkDraft(draft)]) };
}

function checked({ resolved, draft, problems }: PhoneResult): PhoneResult {
	const { phone, personas, policy, rules, board } = draft;
	const files = [phone, ...personas, policy, rules, board].flatMap((loaded) => loaded?.file ?? []);
	const all = inOrder([...problems, ...checkDraft(draft)], phone === undefined ? [] : files);
	return { draft, problems: all, ...(resolved === undefined || all.length > 0 ? {} : { resolved }) };
}

function checkDraft(draft: PhoneDraft): Problem[] {
	const { board, personas, policy, rules } = draft;
	return [
		...(board === undefined ? [] : checkBoard(board)),
		...personas.flatMap(checkPersona),
		...(policy === undefined ? [] : checkPolicy(policy)),
		...(rules === undefined ? [] : checkRules(rules)),
		...checkNames(draft),
		...checkAgents(draft),
		...checkSupport(draft),
		...checkTablet(draft),
		...checkMemory(draft),
		...checkVolumes(draft),
		...checkPhoneRules(draft),
	];
}

export interface FilesResult {
	/** Of all files, in the order they were given. */
	readonly problems: readonly Problem[];
	/** The documents that are valid; of a Phone also those it names. Each file once. */
	readonly documents: readonly Loaded<AnyDocument>[];
}

/** Checks documents of any kind: a Phone with all it names, others by themselves. */
export async function checkFiles(files: readonly string[]): Promise<FilesResult> {
	const problems: Problem[] = [];
	const documents = new Map<string, Loaded<AnyDocument>>();
	for (const file of new Set(files.map((name) => path.resolve(name)))) {
		const result = await checkFile(file);
		problems.push(...result.problems);
		for (const loaded of result.documents) documents.set(loaded.file, loaded);
	}
	return { problems: inOrder(problems), documents: [...documents.values()] };
}

async function checkFile(file: string): Promise<FilesResult> {
	const source = readSource(file);
	const kind = kindOf(source);
	switch (kind) {
		case undefined:
			return { problems: unknownKind(source), documents: [] };
		case "Phone": {
			const { draft, problems } = await loadAndCheckPhone(file);
			const { phone, personas, policy, rules } = draft;
			const documents = [phone, ...personas, policy, rules].filter((loaded) => loaded !== undefined);
			// A phone without a policy has one that stands in no file.
			return { problems, documents: documents.filter((loaded) => loaded === phone || loaded.file !== phone?.file) };
		}
		case "Persona":
			return single(checkSource(kind, source), (loaded) => [...checkPersona(loaded), ...guestFileProblems(loaded)]);
		case "Policy":
			return single(checkSource(kind, source), checkPolicy);
		case "Rules":
			return single(checkSource(kind, source), checkRules);
		case "Board":
			return single(checkSource(kind, source), (loaded: Loaded<Board>) => checkBoard(loaded));
	}
}

function single<T extends AnyDocument>(
	{ loaded, problems }: { loaded?: Loaded<T>; problems: readonly Problem[] },
	check: (loaded: Loaded<T>) => Problem[],
): FilesResult {
	if (loaded === undefined) return { problems, documents: [] };
	return { problems: [...problems, ...check(loaded)], documents: [loaded] };
}
