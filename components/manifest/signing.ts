// SPDX-License-Identifier: Apache-2.0
// The keys a phone names: reads their files and finds everything that is wrong with them.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { KEY_FILE_MAX_BYTES, type PublicKey, parsePublicKey } from "../signing/index.ts";
import { errorCode } from "../util/index.ts";
import { fileFault } from "./document.ts";
import { documentFolder, type Loaded } from "./loaded.ts";
import type { DocumentPath } from "./positions.ts";
import { type Problem, problemAt } from "./problem.ts";
import { plainText } from "./shown.ts";
import type { Phone } from "./types.ts";

/** Who signs a phone's images, and whose are accepted. */
export interface PhoneSigning {
	/** The file of the key that signs, as the document names it. */
	readonly file: string;
	readonly key: PublicKey;
	/** All whose images Veil accepts, the signing one among them, in an order of their own: which of them signs does not change Veil. */
	readonly trusted: readonly PublicKey[];
	readonly version: number;
}

/** The keys of a phone; none for one whose images are not signed. */
export function phoneSigning(phone: Loaded<Phone>): { signing?: PhoneSigning; problems: readonly Problem[] } {
	const { signing } = phone.document;
	if (signing === null) return { problems: [] };
	const problems: Problem[] = [];
	const problem = (at: DocumentPath, message: string) => problems.push(problemAt(phone.file, phone.positions.value(at), message));
	const named: [DocumentPath, string][] = [
		[["signing", "key"], signing.key],
		...signing.alsoTrusted.map((file, index): [DocumentPath, string] => [["signing", "alsoTrusted", index], file]),
	];
	const keys = new Map<string, PublicKey>();
	for (const [at, file] of named) {
		const name = at
			.map((step) => (typeof step === "number" ? `[${step}]` : step))
			.join(".")
			.replaceAll(".[", "[");
		const found = readKey(path.resolve(documentFolder(phone), file));
		if (typeof found === "string")
			problem(
				at,
				`"${name}" names ${plainText(file)}: ${found}; allowed: a public Ed25519 key in PEM, by its path from this document (\`persona key new\` makes one)`,
			);
		else if (keys.has(found.hex))
			problem(at, `"${name}" names ${plainText(file)}, a key that stands before it; allowed: each once`);
		else keys.set(found.hex, found);
	}
	const [key] = keys.values();
	if (problems.length > 0 || key === undefined) return { problems };
	const trusted = [...keys.values()].sort((a, b) => (a.hex < b.hex ? -1 : 1));
	return { signing: { file: signing.key, key, trusted, version: signing.version }, problems };
}

/** The key in a file, or what is wrong with it; waits on no pipe or device. */
function readKey(file: string): PublicKey | string {
	let descriptor: number | undefined;
	try {
		descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
		const found = fstatSync(descriptor);
		if (!found.isFile()) return "not a file";
		if (found.size > KEY_FILE_MAX_BYTES) return "that is too large for a key";
		return parsePublicKey(readFileSync(descriptor, "latin1"));
	} catch (error) {
		const fault = fileFault(errorCode(error));
		if (fault === undefined) throw error;
		return fault;
	} finally {
		if (descriptor !== undefined) closeSync(descriptor);
	}
}
