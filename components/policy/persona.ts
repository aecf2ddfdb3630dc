// SPDX-License-Identifier: Apache-2.0
// What must hold within one persona and no schema can say.
import { type Loaded, type Persona, type Problem, propertyPath, shown } from "../manifest/index.ts";
import { keyProblem, valueProblem } from "./problems.ts";
import { repeated } from "./unique.ts";

/** Problems of a persona's document by itself. */
export function checkPersona(persona: Loaded<Persona>): Problem[] {
	return [...checkGuest(persona), ...checkResources(persona), ...checkStorage(persona)];
}

const broughtFiles = ["kernel", "firmware", "initramfs", "deviceTree"] as const;

function checkGuest(persona: Loaded<Persona>): Problem[] {
	const { guest } = persona.document;
	const problems: Problem[] = [];
	if (guest.builder === "prebuilt") {
		if (guest.firmware !== undefined) {
			for (const key of ["kernel", "initramfs"] as const)
				if (guest[key] !== undefined)
					problems.push(keyProblem(persona, ["guest", key], "is there beside guest.firmware; allowed: one of them"));
		} else if (guest.kernel === undefined) {
			problems.push(keyProblem(persona, ["guest", "kernel"], "is missing; builder prebuilt needs it, or guest.firmware"));
		}
		if (guest.packages.length > 0) problems.push(notWith(persona, "packages", "debian, buildroot"));
		if (guest.overlay !== null) problems.push(notWith(persona, "overlay", "debian, buildroot"));
	} else {
		for (const key of broughtFiles) if (guest[key] !== undefined) problems.push(notWith(persona, key, "prebuilt"));
		if (guest.os === "baremetal" || guest.os === "wince") {
			const message = `is ${guest.builder}, which cannot build ${guest.os}; allowed: prebuilt`;
			problems.push(valueProblem(persona, ["guest", "builder"], message));
		} else if (guest.builder === "debian" && guest.os !== "linux") {
			problems.push(
				valueProblem(persona, ["guest", "builder"], `is debian, which cannot build ${guest.os}; allowed: buildroot, prebuilt`),
			);
		}
	}
	if (guest.builder !== "debian" && guest.base !== "busybox") problems.push(notWith(persona, "base", "debian"));
	if (guest.builder !== "buildroot" && Object.keys(guest.config).length > 0) problems.push(notWith(persona, "config", "buildroot"));
	for (const key of broughtFiles) {
		const file = guest[key];
		if (file === undefined) continue;
		const path = ["guest", key] as const;
		if ((file.path === undefined) === (file.url === undefined)) {
			const written = file.path === undefined ? "has neither path nor url" : "has both path and url";
			problems.push(keyProblem(persona, path, `${written}; allowed: one of them`));
		} else if (file.url !== undefined && file.sha256 === undefined) {
			problems.push(keyProblem(persona, [...path, "sha256"], "is missing; a file from a url needs it"));
		}
	}
	return problems;
}

function notWith(
	persona: Loaded<Persona>,
	key: "packages" | "overlay" | "base" | "config" | (typeof broughtFiles)[number],
	builders: string,
): Problem {
	const { builder } = persona.document.guest;
	return keyProblem(persona, ["guest", key], `means nothing to builder ${builder}; allowed with: ${builders}`);
}

function checkResources(persona: Loaded<Persona>): Problem[] {
	const { cpus, cpuCapPercent } = persona.document.resources;
	if (cpuCapPercent <= 100 * cpus) return [];
	return [
		valueProblem(persona, ["resources", "cpuCapPercent"], `is ${cpuCapPercent}; allowed: at most ${100 * cpus} with ${cpus} CPUs`),
	];
}

function checkStorage(persona: Loaded<Persona>): Problem[] {
	const { storage, devices } = persona.document;
	const problems = [
		...repeated(storage.map(({ name }) => name)).map(({ index, first }) =>
			valueProblem(
				persona,
				["storage", index, "name"],
				`is that of ${propertyPath(["storage", first])} too; allowed: each name once`,
			),
		),
		...repeated(storage.map(({ mount }) => mount ?? undefined)).map(({ index, first }) =>
			valueProblem(
				persona,
				["storage", index, "mount"],
				`is that of ${propertyPath(["storage", first])} too; allowed: each place once`,
			),
		),
	];
	for (const [i, { mount, fileSystem, contents, encrypted, sizeMiB }] of storage.entries()) {
		const least = encrypted ? 16 : fileSystem === "ext4" ? 4 : 1;
		if (sizeMiB < least)
			problems.push(valueProblem(persona, ["storage", i, "sizeMiB"], `is ${sizeMiB}; allowed: ${least} or more`));
		if (encrypted && !devices.agent)
			problems.push(
				valueProblem(
					persona,
					["storage", i, "encrypted"],
					"is true, but its key comes by the agent; allowed with: devices.agent: true",
				),
			);
		if (fileSystem === "none" && mount !== null)
			problems.push(
				valueProblem(persona, ["storage", i, "mount"], "names a place for a volume without a file system; allowed: null"),
			);
		if (fileSystem === "none" && contents !== null)
			problems.push(valueProblem(persona, ["storage", i, "contents"], "needs a file system to be in; allowed: null"));
		const parts = mount?.split("/").slice(1);
		if (parts?.some((part) => part === "" || part === "." || part === "..")) {
			problems.push(
				valueProblem(persona, ["storage", i, "mount"], `is ${shown(mount)}; allowed: a path below /, without //, . and ..`),
			);
		}
	}
	return problems;
}
