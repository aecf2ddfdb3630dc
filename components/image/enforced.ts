// SPDX-License-Identifier: Apache-2.0
// What a device image makes Veil enforce, by names: the policy, the hotkey and each persona's devices; and Veil itself.
import { open } from "node:fs/promises";
import { sha256 } from "../util/digest.ts";
import { veilDeviceNames, veilImageHeader, veilPersonaFlagNames } from "./abi.ts";
import { type ExplainedRule, explainPolicy, policySection } from "./policy-section.ts";
import { nameText } from "./veil-manifest.ts";
import { readRawImage } from "./verify.ts";

/** What an image makes Veil enforce. */
export interface Enforced {
	/** Digest of veil.bin as its build left it. */
	readonly veil: string;
	/** Linux key codes. */
	readonly hotkey: readonly number[];
	readonly networks: Readonly<Record<string, { readonly personas: readonly string[]; readonly rules: readonly ExplainedRule[] }>>;
	readonly channels: readonly Readonly<Record<string, string | number>>[];
	/** By persona name. */
	readonly personas: Readonly<Record<string, { readonly devices: readonly string[]; readonly flags: readonly string[] }>>;
}

/** Reads it from an image's file. @throws RangeError when the file is none */
export async function readEnforced(path: string): Promise<Enforced> {
	const file = await open(path);
	try {
		const { header, manifest, manifestBytes, tables } = await readRawImage(file);
		const names = tables.personas.map(({ name }) => nameText(name));
		const nameOf = (index: number) => names[index] ?? `persona ${index}`;
		const { networks, channels } = explainPolicy(policySection({ manifest, manifestBytes }));
		const veil = Buffer.alloc(Number(header.veilFileSize));
		await file.read(veil, 0, veil.length, 0);
		// What the composer writes into it.
		veilImageHeader.write({ ...header, imageSize: 0n, manifestOffset: 0n, manifestSize: 0n }, veil);
		return {
			veil: sha256(veil),
			hotkey: manifest.hotkey.slice(0, manifest.hotkeyCount),
			networks: Object.fromEntries(networks.map(({ name, personas, rules }) => [name, { personas: personas.map(nameOf), rules }])),
			channels: channels.map(({ from, to, ...rest }) => ({
				from: from === null ? "owner" : nameOf(from),
				to: nameOf(to),
				...rest,
			})),
			personas: Object.fromEntries(
				tables.personas.map(({ name, devices, flags }) => [
					nameText(name),
					{ devices: bitNames(devices, veilDeviceNames), flags: bitNames(flags, veilPersonaFlagNames) },
				]),
			),
		};
	} finally {
		await file.close();
	}
}

function bitNames(bits: number, names: ReadonlyMap<number, string>): string[] {
	return Array.from({ length: 32 }, (_, bit) => 2 ** bit)
		.filter((value) => Math.floor(bits / value) % 2 === 1)
		.map((value) => names.get(value) ?? `0x${value.toString(16)}`);
}
