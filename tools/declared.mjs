// SPDX-License-Identifier: Apache-2.0
// What the phones that a project declares need of the machine, found in the text of their documents: nothing that reads YAML is installed yet.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** @typedef {import("./folders.mjs").Variables} Variables */
/** @typedef {import("./needs.mjs").Occasion} Occasion */

/**
 * Boards of the phones that a project declares; of one stack's phone alone where it is named.
 * @param {string} project
 * @param {string} [stack]
 * @returns {Set<string>}
 */
export function boardsOf(project, stack) {
	return new Set(phonesOf(project, stack).flatMap((text) => /^board:\s*["']?([\w-]+)/m.exec(text)?.[1] ?? []));
}

/**
 * Whether a phone that a project declares is a tablet that is flashed; the one stack's phone where it is named.
 * @param {string} project
 * @param {string} [stack]
 */
export function flashesTablet(project, stack) {
	return phonesOf(project, stack).some((text) => /^[^#\n]*\bvia["']?\s*:\s*["']?usb\b/m.test(text));
}

/**
 * What the phones of a project need beyond what all do; one stack's phone alone where it is named.
 * @param {string} project
 * @param {string} [stack]
 * @param {Variables} variables
 * @returns {Occasion[]}
 */
export function ownOccasions(project, stack, variables = process.env) {
	/** @type {Occasion[]} */
	const occasions = [];
	const hasN800 = boardsOf(project, stack).has("n800");
	if (hasN800) occasions.push("n800");
	if (!usesBuildroot(project, stack, variables)) return occasions;
	return [...occasions, "buildroot", ...(hasN800 ? [/** @type {const} */ ("buildroot-n800")] : [])];
}

/**
 * Whether Buildroot is at hand, or a phone or persona is built by it.
 * @param {string} project
 * @param {string | undefined} stack
 * @param {Variables} variables
 */
function usesBuildroot(project, stack, variables) {
	if ((variables.BUILDROOT_DIR ?? "") !== "") return true;
	const phones = phonesOf(project, stack);
	const named = phones.flatMap((text) => text.match(/[\w./-]+\.ya?ml\b/g) ?? []).map((path) => resolve(project, "stacks", path));
	const texts = [...phones, ...[...new Set(named)].filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"))];
	return texts.some((text) => /^[^#\n]*\bbuilder["']?\s*:\s*["']?buildroot\b/m.test(text));
}

/**
 * Texts of Phone documents.
 * @param {string} project
 * @param {string} [stack]
 * @returns {string[]}
 */
function phonesOf(project, stack) {
	const folder = join(project, "stacks");
	const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.phone\.ya?ml$/.test(name)) : [];
	const wanted = names.filter((name) => stack === undefined || name.startsWith(`${stack}.phone.`));
	return wanted.map((name) => readFileSync(join(folder, name), "utf8"));
}
