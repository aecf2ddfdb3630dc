// SPDX-License-Identifier: Apache-2.0
// The bare-metal guests of tests/guests in a folder of a project's: personas that are up within a second.
import { cpSync } from "node:fs";
import { builtGuests } from "../guests/built.ts";

/** Puts all guests into a folder; each is then `<folder>/<name>.img`. */
export function copyGuests(folder: string): void {
	cpSync(builtGuests("tests/guests"), folder, { recursive: true, filter: (path) => !/\.(o|elf)$/.test(path) });
}

/** A Persona document for a bare-metal guest at `image` (relative to the document). */
export function bareMetal(name: string, image: string, more: { commandLine?: string; rest?: string } = {}): string {
	const colour = { work: "#c0392b", personal: "#2980b9" }[name] ?? "#27ae60";
	return `version: 1
kind: Persona
name: ${name}
indicator: { label: ${name}, colour: "${colour}" }
guest: { os: baremetal, builder: prebuilt, kernel: { path: ${image} }, commandLine: "${more.commandLine ?? ""}" }
resources: { memoryMiB: 16 }
${more.rest ?? ""}`;
}
