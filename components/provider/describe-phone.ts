// SPDX-License-Identifier: Apache-2.0
// The function behind the Phone component: reads and checks a phone's documents, and says of which resources it consists. The component
// itself runs in the user's program, which so need not load what reads documents.
import { relative, resolve } from "node:path";
import {
	checkSource,
	documentFolder,
	type Loaded,
	type Persona,
	type Phone,
	type PhoneSigning,
	partSource,
	phoneSigning,
} from "../manifest/index.ts";
import { renderProblems } from "../manifest/problem.ts";
import { asValue, hasUnknown, isObject, type Properties } from "./properties.ts";
import type { PersonaSource, PhoneSource, Stages } from "./stages.ts";

/** What the component gets. With problems there is nothing else. */
export interface PhoneDescription {
	readonly problems: string;
	readonly board: string;
	readonly veilBuilder: Phone["veil"]["builder"];
	readonly target: DescribedTarget;
	/** In the phone's order; `document` is the path of the persona's document, relative to Pulumi.yaml's folder, unless it is in code. */
	readonly personas: readonly DescribedPersona[];
	/** Public keys whose images it accepts; missing where they are not signed. */
	readonly trustedKeys?: readonly string[];
}

interface DescribedTarget {
	readonly via: string;
	readonly cpus: number;
	readonly usb?: DescribedUsb;
}

/** The tablet that may be flashed; `backup` is relative to Pulumi.yaml's folder. */
export interface DescribedUsb {
	readonly serial?: string;
	readonly port?: string;
	readonly backup: string;
	readonly charged: boolean;
}

interface DescribedPersona {
	readonly name: string;
	readonly document?: string;
	readonly volumes: readonly DescribedVolume[];
}

/** A volume as a persona's document has it; `contents` is relative to Pulumi.yaml's folder. */
export interface DescribedVolume {
	readonly name: string;
	readonly sizeMiB: number;
	readonly encrypted: boolean;
	readonly fileSystem: "ext4" | "none";
	readonly onDelete: "keep" | "wipe";
	readonly contents?: string;
}

function volumesOf(persona: Loaded<Persona>, projectDir: string): DescribedVolume[] {
	return persona.document.storage.map(({ name, sizeMiB, encrypted, fileSystem, onDelete, contents }) => ({
		name,
		sizeMiB,
		encrypted,
		fileSystem,
		onDelete,
		...(contents === null ? {} : { contents: relative(projectDir, resolve(documentFolder(persona), contents)) }),
	}));
}

/** `complete` is false in a preview some values of which are not known: then names are found out and nothing is judged. */
export async function describePhone(stages: Stages, args: Properties): Promise<Properties> {
	const { phone, complete } = args;
	if (phone === undefined) return failed("give the path of a Phone document as `phone`, or the phone's parts");
	const description =
		complete === false && isObject(phone) ? await incomplete(stages, phone) : await whole(stages, phone as PhoneSource);
	return asValue(description) as Properties;
}

async function whole(stages: Stages, phone: PhoneSource): Promise<PhoneDescription | Properties> {
	const { projectDir } = stages;
	const { resolved, problems } = await stages.loadPhone(phone);
	if (resolved === undefined) return failed(renderProblems(problems, projectDir));
	const { board, veil } = resolved.phone.document;
	const given = typeof phone === "string" ? [] : phone.personas;
	const personas = resolved.personas.map((persona, index): DescribedPersona => {
		const { document, file } = persona;
		const described = { name: document.name, volumes: volumesOf(persona, projectDir) };
		return typeof given[index] === "object" ? described : { ...described, document: relative(projectDir, file) };
	});
	const target = targetOf(resolved.phone, projectDir);
	return {
		problems: "",
		board,
		veilBuilder: veil.builder,
		target,
		personas,
		...(resolved.signing === undefined ? {} : { trustedKeys: keysOf(resolved.signing) }),
	};
}

function keysOf({ trusted }: PhoneSigning): string[] {
	return trusted.map(({ hex }) => hex);
}

function targetOf(phone: Loaded<Phone>, projectDir: string): DescribedTarget {
	const { usb, ...target } = phone.document.target;
	if (usb === null) return target;
	return { ...target, usb: { ...usb, backup: relative(projectDir, resolve(documentFolder(phone), usb.backup)) } };
}

async function incomplete(stages: Stages, phone: Properties): Promise<PhoneDescription | Properties> {
	const { board, personas, target, signing, veil } = phone;
	if (typeof board !== "string") return failed("board must be known in previews");
	if (!Array.isArray(personas)) return failed("personas must be known in previews");
	const cpus = isObject(target) && typeof target.cpus === "number" ? target.cpus : 2;
	const found: DescribedPersona[] = [];
	for (const [index, persona] of personas.entries()) {
		const loaded = hasUnknown(persona) ? undefined : (await stages.loadPersona(persona as PersonaSource, board)).draft.personas[0];
		const name = loaded?.document.name ?? (isObject(persona) ? persona.name : undefined);
		if (typeof name !== "string") return failed(`personas[${index}].name must be known in previews`);
		const volumes = loaded === undefined ? [] : volumesOf(loaded, stages.projectDir);
		found.push({ name, volumes, ...(typeof persona === "string" ? { document: persona } : {}) });
	}
	const veilBuilder = isObject(veil) && veil.builder === "buildroot" ? veil.builder : "debian";
	const description = { problems: "", board, veilBuilder, target: { via: "qemu", cpus }, personas: found } as const;
	if (!isObject(signing)) return description;
	// What is not known yet does not keep the keys of a phone in code from being read.
	const known = { name: "incomplete", board, personas: ["incomplete"], signing };
	const { loaded } = checkSource("Phone", partSource("Phone", known, [], stages.projectDir));
	const keys = loaded === undefined ? undefined : phoneSigning(loaded).signing;
	if (keys === undefined) return failed("signing must be known in previews, and its keys must be right");
	return { ...description, trustedKeys: keysOf(keys) };
}

function failed(problems: string): Properties {
	return { problems };
}
