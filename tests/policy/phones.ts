// SPDX-License-Identifier: Apache-2.0
// Gives tests phones in code, on today's board or on one where everything is supported.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { PhoneParts } from "../../components/manifest/index.ts";
import { loadAndCheckParts } from "../../components/policy/index.ts";
import { boardYaml, folderWith, lines } from "../manifest/documents.ts";

type PersonaPart = Exclude<PhoneParts["personas"][number], string>;

const qemuVirt = readFileSync(path.resolve(import.meta.dirname, "../../boards/qemu-virt/board.yaml"), "utf8");

/** The text of a board named `everything`, on which everything is supported. */
export const everythingYaml = boardYaml(qemuVirt);

export function persona(name: string, more: Partial<PersonaPart> = {}): PersonaPart {
	const colour = `#${[...name]
		.reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xffffff, 7)
		.toString(16)
		.padStart(6, "0")}`;
	return { name, indicator: { label: name, colour }, ...more };
}

/** Problems of a phone with personas `work` and `personal`, each changed as given. */
export async function problemsOf(
	parts: Partial<PhoneParts> & { work?: Partial<PersonaPart>; personal?: Partial<PersonaPart> },
	board: "everything" | "qemu-virt" = "everything",
): Promise<string[]> {
	const folder = folderWith({ "boards/everything/board.yaml": everythingYaml });
	const { work, personal, ...rest } = parts;
	const phone: PhoneParts = { name: "pocket", board, personas: [persona("work", work), persona("personal", personal)], ...rest };
	const { problems, resolved } = await loadAndCheckParts(phone, folder);
	if ((resolved === undefined) !== problems.length > 0) throw new Error("a phone is resolved exactly when it has no problems");
	return lines(problems, folder);
}
