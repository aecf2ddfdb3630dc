// SPDX-License-Identifier: Apache-2.0
// Checks that reach across documents; everything other stages may use of them.
import type { AnyDocument, Loaded, PhoneResult, Problem, ResolvedPhone } from "../manifest/index.ts";

/** Everything about a phone that no single document shows: names, memory, networks, rules, what the board can do today. */
export function checkPhone(_resolved: ResolvedPhone): Problem[] {
	throw new Error("not built yet");
}

/** Reads a phone and checks it, across documents too, even where some document has problems of its own. `resolved` only without problems. */
export async function loadAndCheckPhone(_phoneFile: string): Promise<PhoneResult> {
	throw new Error("not built yet");
}

/** Checks documents of any kind: a Phone with all it names, others by themselves. */
export async function checkFiles(_files: readonly string[]): Promise<{ problems: Problem[]; documents: Loaded<AnyDocument>[] }> {
	throw new Error("not built yet");
}
