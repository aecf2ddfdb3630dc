// SPDX-License-Identifier: Apache-2.0
// One document: from a file or from code to a valid one with defaults, or to its problems.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errorCode } from "../util/index.ts";
import { withDefaults } from "./defaults.ts";
import type { DocumentOfKind, Kind, Loaded } from "./loaded.ts";
import { messagesFor } from "./messages.ts";
import type { Positions } from "./positions.ts";
import { type Problem, problemAt } from "./problem.ts";
import { kinds, schemaOf, validatorOf } from "./schema.ts";
import { shown } from "./shown.ts";
import { didYouMean } from "./suggest.ts";
import { maxDocumentBytes, readYaml } from "./yaml.ts";

/** A document as it was given, before it is known to be valid. */
export interface Source {
	readonly file: string;
	readonly positions: Positions;
	/** Plain data; undefined when it could not be read. */
	readonly value: unknown;
	readonly problems: readonly Problem[];
	/** Why the file itself could not be read; a document that names it reports that at the name. */
	readonly unreadable?: string;
}

/** Most problems reported of one document. */
const maxProblems = 100;

/** Each file's last text and what was read of it: every part of a phone is asked for by itself, and each time with its board. */
const known = new Map<string, { readonly text: string; readonly source: Source }>();

/** Reads a file. A file that is missing, no file or not readable is a problem, never thrown. */
export function readSource(file: string): Source {
	const { text, fault } = readText(file);
	if (fault !== undefined) {
		const { positions } = readYaml(text);
		return { file, positions, value: undefined, problems: [problemAt(file, { line: 1, column: 1 }, fault)], unreadable: fault };
	}
	const before = known.get(file);
	if (before?.text === text) return before.source;
	const { value, positions, faults } = readYaml(text);
	const problems = faults.slice(0, maxProblems).map(({ place, message }) => problemAt(file, place, message));
	const source: Source = { file, positions, value: problems.length > 0 ? undefined : value, problems };
	known.set(file, { text, source });
	return source;
}

/**
 * Reads at most {@link maxDocumentBytes} of a regular file, without waiting on pipes and devices. Documents are small and many:
 * asynchronous reading took ten times as long.
 */
function readText(file: string): { text: string; fault?: string } {
	let descriptor: number | undefined;
	try {
		descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
		const stat = fstatSync(descriptor);
		if (!stat.isFile()) return { text: "", fault: "not a file" };
		if (stat.size > maxDocumentBytes) {
			return { text: "", fault: `${stat.size} bytes is too large for a document; allowed: at most ${maxDocumentBytes}` };
		}
		return { text: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor)) };
	} catch (error) {
		const code = errorCode(error);
		if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return { text: "", fault: "not UTF-8 text" };
		const fault = fileFault(code);
		if (fault === undefined) throw error;
		return { text: "", fault };
	} finally {
		if (descriptor !== undefined) closeSync(descriptor);
	}
}

/** Why a file could not be read, in words; undefined for what is no fault of the user. */
export function fileFault(code: string | undefined): string | undefined {
	switch (code) {
		case "ENOENT":
		case "ENOTDIR":
			return "there is no such file";
		case "EACCES":
		case "EPERM":
			return "it may not be read";
		case "EISDIR":
		case "ENXIO":
			return "not a file";
		case "ELOOP":
		case "ENAMETOOLONG":
		case "ERR_INVALID_ARG_VALUE":
			return "not a usable path";
		default:
			return undefined;
	}
}

/** A document given in code. `version` and `kind` may be left out. */
export function codeSource(kind: Kind, value: unknown, file: string, positions: Positions): Source {
	const group = typeof value === "object" && value !== null && !Array.isArray(value);
	return { file, positions, value: group ? { version: 1, kind, ...plain(value as Record<string, unknown>) } : value, problems: [] };
}

/** A copy without keys whose value is undefined, as TypeScript writes keys that are left out. No document is 10 levels deep. */
function plain<T>(value: T, levels = 10): T {
	if (typeof value !== "object" || value === null || levels === 0) return value;
	if (Array.isArray(value)) return value.map((item) => plain(item, levels - 1)) as T;
	const entries = Object.entries(value).filter(([, item]) => item !== undefined);
	return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, levels - 1)])) as T;
}

/** The kind a source says it is, or undefined where it says none we know. */
export function kindOf(source: Source): Kind | undefined {
	const { value } = source;
	const kind =
		typeof value === "object" && value !== null && Object.hasOwn(value, "kind") ? (value as { kind: unknown }).kind : undefined;
	return kinds.find((known) => known === kind);
}

/** Problems of a source whose kind is none we know. */
export function unknownKind(source: Source): Problem[] {
	if (source.problems.length > 0) return [...source.problems];
	const { value, positions, file } = source;
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return [
			problemAt(
				file,
				positions.value([]),
				`a document cannot be ${shown(value)}; allowed: keys version, kind and those of the kind`,
			),
		];
	}
	const written = Object.hasOwn(value, "kind") ? (value as { kind: unknown }).kind : undefined;
	const hint = typeof written === "string" ? didYouMean(written, kinds) : "";
	const fault = written === undefined ? `"kind" is missing` : `"kind" cannot be ${shown(written)}`;
	return [problemAt(file, positions.value(["kind"]), `${fault}; allowed: ${kinds.join(", ")}${hint}`)];
}

/** Validates a source as a document of `kind` and fills in its defaults. */
export function checkSource<K extends Kind>(
	kind: K,
	source: Source,
): { loaded?: Loaded<DocumentOfKind[K]>; problems: readonly Problem[] } {
	const { file, positions, value } = source;
	if (source.problems.length > 0) return { problems: source.problems };
	const group = typeof value === "object" && value !== null && !Array.isArray(value);
	if (!group) {
		return {
			problems: [
				problemAt(
					file,
					positions.value([]),
					`a ${kind} cannot be ${shown(value)}; allowed: keys ${Object.keys(schemaOf(kind).properties ?? {}).join(", ")}`,
				),
			],
		};
	}
	const written = (value as { kind?: unknown }).kind;
	if (written !== kind && (written === undefined || kinds.some((known) => known === written))) {
		// Another kind's keys would all be reported as unknown: say only what matters.
		const fault =
			written === undefined ? `"kind" is missing` : `"kind" is ${shown(written)}, but a document of kind ${kind} is needed here`;
		return { problems: [problemAt(file, positions.value(["kind"]), `${fault}; allowed: ${kind}`)] };
	}
	const validate = validatorOf(kind);
	if (validate(value)) return { loaded: { document: withDefaults(kind, value), file, positions }, problems: [] };
	const messages = messagesFor(schemaOf(kind), validate.errors ?? [], positions);
	const problems = messages.slice(0, maxProblems).map(({ place, message }) => problemAt(file, place, message));
	const last = messages[maxProblems - 1];
	if (last !== undefined && messages.length > maxProblems) {
		problems.push(problemAt(file, last.place, `${messages.length - maxProblems} more problems in this document`));
	}
	return { problems };
}
