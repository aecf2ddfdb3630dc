// SPDX-License-Identifier: Apache-2.0
// Gives tests a folder of documents that is gone when the test is over.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { type Problem, renderProblems } from "../../components/manifest/index.ts";

/** A new folder with these files (path → text). */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
	const folder = mkdtempSync(path.join(tmpdir(), "persona-documents-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
		writeFileSync(path.join(folder, name), text);
	}
	return folder;
}

/** Problems as lines, with paths from `folder`. */
export function lines(problems: readonly Problem[], folder: string): string[] {
	return problems.length === 0 ? [] : renderProblems(problems, folder).split("\n");
}

export const workYaml = `version: 1
kind: Persona
name: work
indicator: { label: Work, colour: "#c0392b" }
`;

export const personalYaml = `version: 1
kind: Persona
name: personal
indicator: { label: Personal, colour: "#2471a3" }
`;

export const phoneYaml = `version: 1
kind: Phone
name: pocket
board: qemu-virt
personas: [work.yaml, personal.yaml]
`;

/** A board on which everything is supported, for checks that today's boards do not let through. */
export function boardYaml(qemuVirt: string): string {
	return qemuVirt.replace("name: qemu-virt", "name: everything").replace(
		/supports:[\s\S]*$/,
		`supports:
  targets: [qemu, usb]
  systems: [linux, android, wince, baremetal]
  builders: [debian, buildroot, prebuilt]
  devices: [display, input, audio, network, agent]
  storage: [plain, encrypted]
  channels: [clipboard, files, notifications]
  background: [run, throttle, freeze]
  switching: [hotkey, lockOnLeave]
`,
	);
}
