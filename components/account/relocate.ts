// SPDX-License-Identifier: Apache-2.0
// A phone's documents and all files they name, copied to another folder, such that paths from one to the other still hold.
import { existsSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { LOCK_NAME } from "../image/index.ts";
import { documentFolder, type Loaded, type Persona, type ResolvedPhone } from "../manifest/index.ts";

/** Copies what a phone is built from into `folder`, and gives the path of its document there. */
export async function relocate(phone: ResolvedPhone, projectDir: string, lock: string, folder: string): Promise<string> {
	const { board, policy, rules, personas } = phone;
	// A board of this package is found from anywhere.
	const boards = board.file.startsWith(join(projectDir, sep)) ? [board] : [];
	const documents = [phone.phone, ...boards, policy, ...(rules === undefined ? [] : [rules]), ...personas].map(({ file }) => file);
	const { signing } = phone.phone.document;
	const keys = signing === null ? [] : [signing.key, ...signing.alsoTrusted];
	const named = [...personas.flatMap(namedFiles), ...relativeTo(phone.phone, keys)];
	const project = join(projectDir, "Pulumi.yaml");
	const base = commonFolder([...documents, ...named, project]);
	const moved = (path: string) => join(folder, relative(base, path));
	for (const path of new Set([...documents, ...named, project])) {
		await mkdir(dirname(moved(path)), { recursive: true });
		// Links in an overlay are part of it, and not to be followed.
		await cp(path, moved(path), { recursive: true, verbatimSymlinks: true });
	}
	// A project whose guests are all brought has none.
	if (existsSync(lock)) await cp(lock, join(moved(projectDir), LOCK_NAME));
	return moved(phone.phone.file);
}

/** What a persona's guest is made from beside packages. What is named absolutely is found from anywhere. */
function namedFiles(persona: Loaded<Persona>): string[] {
	const { overlay, kernel, firmware, initramfs, deviceTree } = persona.document.guest;
	const paths = [overlay, kernel?.path, firmware?.path, initramfs?.path, deviceTree?.path];
	return relativeTo(
		persona,
		paths.filter((path) => typeof path === "string"),
	);
}

function relativeTo(document: Loaded<unknown>, paths: readonly string[]): string[] {
	return paths.filter((path) => !isAbsolute(path)).map((path) => resolve(documentFolder(document), path));
}

function commonFolder(paths: readonly string[]): string {
	const [first = [], ...rest] = paths.map((path) => dirname(path).split(sep));
	const parts = [...first];
	for (const other of rest) while (parts.some((part, index) => other[index] !== part)) parts.pop();
	return parts.join(sep) || sep;
}
