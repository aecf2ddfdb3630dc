// SPDX-License-Identifier: Apache-2.0
// The bare-metal guests of tests/guests, built once into a folder: personas that are up within a second.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";

/** Builds all guests; each is then `<folder>/<name>.img`. */
export function buildGuests(folder: string): void {
	mkdirSync(folder, { recursive: true });
	execFileSync("make", ["-s", "-C", join(packageRoot(), "tests", "guests"), `OUT=${folder}`], {
		stdio: ["ignore", "ignore", "inherit"],
	});
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
