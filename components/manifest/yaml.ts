// SPDX-License-Identifier: Apache-2.0
// Reads strict YAML 1.2 with the place of every key and value; refuses what could surprise a reader or a machine.
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { DocumentPath, Place, Positions } from "./positions.ts";
import { plainText } from "./shown.ts";

/** Largest document, in bytes. Reading time grows with the size alone: aliases are refused and the parser bounds nesting. */
export const maxDocumentBytes = 128 * 1024;

/** A fault of the text, before its meaning is looked at. */
export interface YamlFault {
	readonly place: Place;
	readonly message: string;
}

export interface YamlText {
	/** Plain data; undefined when the text could not be read at all. */
	readonly value: unknown;
	readonly positions: Positions;
	readonly faults: readonly YamlFault[];
}

type Parsed = Document<Node, true>;

/** Reads one YAML document. Anchors, aliases, tags, directives, several documents and keys that are not text are faults. */
export function readYaml(text: string): YamlText {
	const document = parseDocument(text, {
		version: "1.2",
		schema: "core",
		strict: true,
		merge: false,
		uniqueKeys: false, // checked below: the parser's own check takes quadratic time
		prettyErrors: false,
		logLevel: "error",
		keepSourceTokens: false,
	}) as Parsed;
	const at = placesIn(text);
	const positions = documentPositions(document, at);
	const faults = [...syntaxFaults(document, at, unquotedColour(text))];
	if (faults.length > 0) return { value: undefined, positions, faults };
	if (document.contents === null) {
		return { value: undefined, positions, faults: [{ place: { line: 1, column: 1 }, message: "the document is empty" }] };
	}
	const value = toData(document.contents, (offset, message) => faults.push({ place: at(offset), message }));
	return { value, positions, faults };
}

/** Where a colour was written without quotes, so that the rest of the line is a comment; a frequent cause of strange faults. */
function unquotedColour(text: string): number | undefined {
	const found = /: *(#[0-9a-fA-F]{6})\b/.exec(text);
	return found === null ? undefined : found.index + found[0].length - 7;
}

function* syntaxFaults(document: Parsed, at: (offset: number) => Place, colour: number | undefined): Generator<YamlFault> {
	const { version = "", explicit = false } = document.directives?.yaml ?? {};
	if (explicit && version !== "1.2") {
		yield { place: { line: 1, column: 1 }, message: `YAML ${plainText(version, 10)} is not supported; allowed: YAML 1.2` };
		return;
	}
	if (colour !== undefined && document.errors.some(({ pos }) => pos[0] > colour)) {
		yield { place: at(colour), message: "a value that starts with # is a comment; put it in quotes" };
		return;
	}
	const seen = new Set<number>();
	// One mistake often makes the parser complain many times: the first of each line, and at most five.
	for (const error of document.errors) {
		const place = at(error.pos[0]);
		if (seen.has(place.line)) continue;
		seen.add(place.line);
		yield { place, message: syntaxMessage(error.code, error.message) };
		if (seen.size === 5) return;
	}
}

function syntaxMessage(code: string, message: string): string {
	switch (code) {
		case "MULTIPLE_DOCS":
			return "a second document starts here; allowed: one document a file";
		case "TAB_AS_INDENT":
			return "a tab is used as indentation; allowed: spaces";
		case "RESOURCE_EXHAUSTION":
			return "nested too deeply";
		default:
			return `not valid YAML: ${plainText(message)}`;
	}
}

/** Plain data of a node. Reports what is refused and leaves it out. */
function toData(node: Node | null, fault: (offset: number, message: string) => void): unknown {
	if (node === null) return null;
	const offset = node.range?.[0] ?? 0;
	if (isAlias(node)) {
		fault(
			offset,
			`alias "*${plainText(node.source, 60)}" is not allowed; write the value out, or write the document in TypeScript`,
		);
		return null;
	}
	if ("anchor" in node && typeof node.anchor === "string") {
		fault(offset, `anchor "&${plainText(node.anchor, 60)}" is not allowed; write values out where they are used`);
	}
	if (typeof node.tag === "string") fault(offset, `tag "${plainText(node.tag, 60)}" is not allowed; allowed: plain values`);
	if (isScalar(node)) return node.value;
	if (isSeq<Node | null>(node)) {
		// `- a: 1` in a flow list reads as a pair; a one-key map was meant.
		return node.items.map((item) => (isPair(item) ? undefined : toData(item, fault)));
	}
	if (!isMap<Node, Node | null>(node)) return null;
	const data: Record<string, unknown> = {};
	const first = new Map<string, number>();
	for (const pair of node.items) {
		const keyOffset = pair.key?.range?.[0] ?? offset;
		const key = keyText(pair, keyOffset, fault);
		if (key === undefined) continue;
		if (first.has(key)) {
			fault(keyOffset, `key "${plainText(key, 60)}" is written twice; each key may be written once`);
			continue;
		}
		first.set(key, keyOffset);
		Object.defineProperty(data, key, { value: toData(pair.value, fault), enumerable: true, configurable: true, writable: true });
	}
	return data;
}

function keyText(
	pair: Pair<Node, Node | null>,
	offset: number,
	fault: (offset: number, message: string) => void,
): string | undefined {
	const { key } = pair;
	if (isScalar(key) && typeof key.value === "string") {
		if (key.anchor !== undefined)
			fault(offset, `anchor "&${plainText(key.anchor, 60)}" is not allowed; write values out where they are used`);
		if (typeof key.tag === "string") fault(offset, `tag "${plainText(key.tag, 60)}" is not allowed; allowed: plain keys`);
		return key.value;
	}
	fault(offset, "a key that is not text; allowed: keys of letters, or in quotes");
	return undefined;
}

/** Where offsets of a text are. The parser's own LineCounter misses lines of damaged texts. */
function placesIn(text: string): (offset: number) => Place {
	const starts = [0];
	for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
	return (offset) => {
		let [first, beyond] = [0, starts.length]; // the line is one of these
		while (beyond - first > 1) {
			const middle = (first + beyond) >> 1;
			if ((starts[middle] ?? 0) <= offset) first = middle;
			else beyond = middle;
		}
		return { line: first + 1, column: offset - (starts[first] ?? 0) + 1 };
	};
}

function documentPositions(document: Parsed, at: (offset: number) => Place): Positions {
	const start: Place = { line: 1, column: 1 };
	const place = (node: Node | null | undefined): Place | undefined => (node?.range ? at(node.range[0]) : undefined);
	const pairOf = pairFinder();
	const find = (
		path: DocumentPath,
	): { node: Node | null | undefined; pair: Pair<Node, Node | null> | undefined; found: boolean } => {
		let node: Node | null | undefined = document.contents;
		let pair: Pair<Node, Node | null> | undefined;
		for (const step of path) {
			const parent: Node | null | undefined = node;
			pair = undefined;
			if (isMap<Node, Node | null>(parent)) {
				pair = pairOf(parent, String(step));
				if (pair === undefined) return { node, pair, found: false };
				node = pair.value;
			} else if (isSeq<Node | null>(parent) && typeof step === "number" && step < parent.items.length) {
				node = parent.items[step];
			} else {
				return { node, pair, found: false };
			}
		}
		return { node, pair, found: true };
	};
	const key = (path: DocumentPath): Place => {
		const { node, pair, found } = find(path);
		if (!found) return path.length === 0 ? start : key(path.slice(0, -1));
		return place(pair?.key) ?? place(node) ?? (path.length === 0 ? start : key(path.slice(0, -1)));
	};
	const value = (path: DocumentPath): Place => {
		const { node, found } = find(path);
		return (found ? place(node) : undefined) ?? key(path);
	};
	return { key, value };
}

/** The first pair with a key; asked for once for each mistake in a document, of which there may be thousands. */
function pairFinder(): (map: YAMLMap<Node, Node | null>, key: string) => Pair<Node, Node | null> | undefined {
	const pairs = new Map<YAMLMap<Node, Node | null>, Map<unknown, Pair<Node, Node | null>>>();
	return (map, key) => {
		let found = pairs.get(map);
		if (found === undefined) {
			const entries = map.items.flatMap((pair) => (isScalar(pair.key) ? [[pair.key.value, pair] as const] : []));
			// The first of several comes last here.
			found = new Map(entries.reverse());
			pairs.set(map, found);
		}
		return found.get(key);
	};
}
