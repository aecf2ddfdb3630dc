// SPDX-License-Identifier: Apache-2.0
// The bill of materials of a device image in CycloneDX: Veil, and of each persona its kernel, root filesystem, packages, programs of ours and
// files of its own. Nothing in it comes from the clock or the machine, so it is the same wherever it is made.
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { Composition, GuestInputs, GuestPart } from "../image/index.ts";
import { withoutCredentials } from "../util/url.ts";
import { packageVersion } from "../util/version.ts";
import { contentUuid } from "./content-uuid.ts";
import type { Licence } from "./copyright.ts";
import type { AccountedPackage } from "./packages.ts";
import { ownPurl } from "./purl.ts";

const { Component } = Models;
const Type = Enums.ComponentType;

/** The packages of each persona's guest, by its name. */
export type PackagesOf = ReadonlyMap<string, readonly AccountedPackage[]>;

/** The document's text. */
export function renderSbom(composition: Composition, packages: PackagesOf): string {
	const bom = new Models.Bom();
	bom.metadata.tools.components.add(
		new Component(Type.Application, "pulumi-persona", { version: packageVersion(), purl: ownPurl() }),
	);
	const image = new Component(Type.Firmware, `device image for ${composition.inputs.board}`, {
		bomRef: "image",
		version: hexOf(composition.digest),
		hashes: hashes(composition.digest),
	});
	bom.metadata.component = image;
	for (const part of [veil(composition), ...loader(composition), ...personas(composition, packages)]) {
		bom.components.add(part);
		image.dependencies.add(part.bomRef);
	}
	const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
	const text = () => `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
	bom.serialNumber = `urn:uuid:${contentUuid(text())}`;
	return text();
}

function veil({ hypervisor }: Composition): Models.Component {
	const built = hypervisor.inputs;
	return ours("veil", "veil", Type.Firmware, "The hypervisor, which runs the personas and keeps them apart", {
		...(hypervisor.digest === "" ? {} : { digest: hypervisor.digest }),
		...(built === undefined ? {} : { sources: built.sources, compiler: built.compiler }),
		folder: "hypervisor",
	});
}

function loader({ inputs: { board, bootCode } }: Composition): Models.Component[] {
	if (bootCode === undefined) return [];
	const description = "Brings the image from flash into memory, checks it and starts Veil";
	return [ours("loader", "loader", Type.Firmware, description, { ...bootCode, folder: `boards/${board}/loader` })];
}

function* personas({ inputs, guests }: Composition, packages: PackagesOf): Generator<Models.Component> {
	for (const { name, label, guest: key } of inputs.personas) {
		const guest = guests[name];
		const persona = new Component(Type.OperatingSystem, name, { bomRef: `persona:${name}`, description: `The persona ${label}` });
		persona.properties.add(new Models.Property("persona:guestKey", key));
		const add = (part: Models.Component, parent = persona): Models.Component => {
			persona.components.add(part);
			parent.dependencies.add(part.bomRef);
			return part;
		};
		const record = guest?.record;
		const built = guest?.inputs;
		const kernel = add(payload(name, "kernel", Type.OperatingSystem, record?.kernel, built));
		const root = record?.initramfs === undefined ? undefined : add(payload(name, "initramfs", Type.File, record.initramfs, built));
		if (record?.deviceTree !== undefined) add(payload(name, "deviceTree", Type.File, record.deviceTree, built));
		const own = (packages.get(name) ?? []).map((one) => [one, packageComponent(name, one)] as const);
		for (const [one, component] of own) {
			add(component, one.isKernel ? kernel : (root ?? persona));
			for (const needed of one.dependsOn) {
				const target = own.find(([other]) => other.name === needed)?.[1];
				if (target !== undefined && target !== component) component.dependencies.add(target.bomRef);
			}
		}
		for (const part of programsAndFiles(name, built)) add(part, root ?? persona);
		yield persona;
	}
}

/** A payload of the image, as it is in memory. */
function payload(
	persona: string,
	what: "kernel" | "initramfs" | "deviceTree",
	type: Enums.ComponentType,
	part: GuestPart | undefined,
	built: GuestInputs | undefined,
): Models.Component {
	const brought = built?.[what];
	const from = brought?.url === undefined ? brought?.path : withoutCredentials(brought.url);
	const description = brought === undefined ? undefined : `Brought as it is: ${from}`;
	return new Component(type, what, {
		bomRef: `persona:${persona}/${what}`,
		...(description === undefined ? {} : { description }),
		...(part === undefined ? {} : { hashes: hashes(part.digest) }),
	});
}

function packageComponent(persona: string, one: AccountedPackage): Models.Component {
	const component = new Component(one.isKernel ? Type.OperatingSystem : Type.Library, one.name, {
		bomRef: `persona:${persona}/${one.purl}`,
		version: one.version,
		purl: one.purl,
		...(one.cpe === undefined ? {} : { cpe: one.cpe }),
		...(one.summary === undefined ? {} : { description: one.summary }),
		...(one.sha256 === undefined ? {} : { hashes: hashes(one.sha256) }),
	});
	for (const licence of one.licences) component.licenses.add(licenceModel(licence));
	if (one.homepage !== undefined)
		component.externalReferences.add(new Models.ExternalReference(one.homepage, Enums.ExternalReferenceType.Website));
	for (const { name, version, purl } of one.contains) {
		const part = new Component(Type.Library, name, { bomRef: `persona:${persona}/${one.purl}/${purl}`, version, purl });
		component.components.add(part);
		component.dependencies.add(part.bomRef);
	}
	return component;
}

/** Programs of ours in a guest, and the files the user lays over it. */
function* programsAndFiles(persona: string, built: GuestInputs | undefined): Generator<Models.Component> {
	if (built?.agent !== undefined)
		yield ours(`persona:${persona}/agent`, "persona-agent", Type.Application, "Serves the owner and the channels of the persona", {
			...built.agent,
			folder: "agent",
		});
	if (built?.volumes !== undefined)
		yield ours(`persona:${persona}/volumes`, "persona-volumes", Type.Application, "Brings the volumes of the persona up", {
			...built.volumes.program,
			folder: "guest",
		});
	for (const [path, value] of Object.entries(built?.overlay ?? {})) {
		const [mode = "", digest = ""] = value.split(/:(.*)/s);
		if (!mode.startsWith("100")) continue;
		yield new Component(Type.File, path, { bomRef: `persona:${persona}/overlay/${path}`, hashes: hashes(digest) });
	}
}

interface Own {
	readonly digest?: string;
	readonly sources?: string;
	readonly compiler?: string;
	readonly folder: string;
}

/** A program of this package. */
function ours(bomRef: string, name: string, type: Enums.ComponentType, description: string, own: Own): Models.Component {
	const { digest, sources, compiler, folder } = own;
	const component = new Component(type, name, {
		bomRef,
		description,
		version: packageVersion(),
		purl: ownPurl(folder),
		...(digest === undefined ? {} : { hashes: hashes(digest) }),
	});
	component.licenses.add(new Models.SpdxLicense("Apache-2.0"));
	if (sources !== undefined) component.properties.add(new Models.Property("persona:sourcesDigest", sources));
	if (compiler !== undefined) component.properties.add(new Models.Property("persona:compiler", compiler));
	return component;
}

function licenceModel(licence: Licence): Models.License {
	if ("id" in licence) return new Models.SpdxLicense(licence.id);
	return "expression" in licence ? new Models.LicenseExpression(licence.expression) : new Models.NamedLicense(licence.name);
}

function hashes(digest: string): Models.HashDictionary {
	return new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], hexOf(digest)]]);
}

function hexOf(digest: string): string {
	return digest.replace(/^sha256:/, "");
}
