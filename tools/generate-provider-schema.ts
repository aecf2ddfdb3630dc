// SPDX-License-Identifier: Apache-2.0
// Writes schema.json, the package as Pulumi sees it, out of the document schemas: `node tools/generate-provider-schema.ts`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "../components/manifest/loaded.ts";
import { resolved, type Schema, schemaOf } from "../components/manifest/schema.ts";
import { packageRoot } from "../components/util/paths.ts";
import { packageVersion } from "../components/util/version.ts";

export const providerSchemaPath = join(packageRoot(), "schema.json");

interface Type {
	readonly type?: string;
	readonly $ref?: string;
	readonly oneOf?: readonly Type[];
	readonly items?: Type;
	readonly additionalProperties?: Type;
}
type Property = Type & { readonly description?: string; readonly secret?: boolean };
interface ObjectType {
	readonly type: "object";
	readonly description?: string;
	readonly properties: Record<string, Property>;
	readonly required?: readonly string[];
}

const STRING: Type = { type: "string" };

/** The types a document consists of, by token; `name` is the first part of each type's name. */
function documentTypes(kind: Kind, replace: Record<string, Type> = {}): Record<string, ObjectType> {
	const root = schemaOf(kind);
	const types: Record<string, ObjectType> = {};
	const add = (name: string, schema: Schema, top: boolean): Type => {
		// What a document in a file must say of itself, one in code may leave out.
		const optional = top ? ["version", "kind"] : [];
		const required = (schema.required ?? []).filter((key) => !optional.includes(key));
		const properties = Object.entries(schema.properties ?? {}).filter(([key]) => !optional.includes(key));
		types[`persona:index:${name}`] = {
			...described(schema),
			type: "object",
			properties: Object.fromEntries(
				properties.map(([key, value]) => {
					const type = (top ? replace[key] : undefined) ?? typeOf(`${name}${capital(key)}`, resolved(root, value));
					return [key, { ...described(resolved(root, value)), ...type }];
				}),
			),
			...(required.length === 0 ? {} : { required }),
		};
		return { $ref: `#/types/persona:index:${name}` };
	};
	const typeOf = (name: string, schema: Schema): Type => {
		if (schema.properties !== undefined) return add(name, schema, false);
		if (schema.items !== undefined) return { type: "array", items: typeOf(name.replace(/s$/, ""), resolved(root, schema.items)) };
		if (typeof schema.additionalProperties === "object") {
			return { type: "object", additionalProperties: typeOf(name.replace(/s$/, ""), resolved(root, schema.additionalProperties)) };
		}
		const scalars = [schema.type ?? []].flat().filter((type) => type !== "null");
		return scalars.length > 1 ? { oneOf: scalars.map((type) => ({ type })) } : { type: scalarOf(schema) };
	};
	add(kind, root, true);
	return types;
}

function scalarOf(schema: Schema): string {
	const type = [schema.type].flat().find((candidate) => candidate !== "null");
	if (type !== undefined) return type;
	const values = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
	return values.every((value) => typeof value === "number") ? "integer" : "string";
}

function described({ description, default: fallback, "x-default": said, enum: values }: Schema): { description?: string } {
	if (description === undefined) return {};
	const allowed = values === undefined ? "" : ` One of ${values.map((value) => `\`${value}\``).join(", ")}.`;
	const plain =
		fallback === undefined || fallback === null || (typeof fallback === "object" && fallback !== null)
			? undefined
			: `\`${fallback}\``;
	const shown = said ?? plain;
	return { description: `${description}${allowed}${shown === undefined ? "" : ` Default: ${shown}.`}` };
}

function capital(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function text(description: string): Property {
	return { description, ...STRING };
}

function pathOr(kind: string, description: string): Property {
	return { description, oneOf: [STRING, { $ref: `#/types/persona:index:${kind}` }] };
}

const IMAGE_OUTPUTS = {
	key: text("Digest of everything it is built from, as `sha256:<hex>`; known in previews, on any machine."),
	digest: text("Digest of its content, as `sha256:<hex>`."),
	size: { description: "Size in bytes.", type: "integer" },
	board: text("The board it is for."),
};
const BOARD = text("A folder's name in `boards/`, for instance `qemu-virt`.");
const KEYS: Type = { type: "array", items: STRING };
const SIGNATURE = text("Whose signature it carries: `ed25519:<fingerprint>`, or `development` for none. Known in previews.");
/** Options of the provider: of a stack `persona:offline` and so on. */
const CONFIGURATION: Record<string, Property> = {
	offline: {
		description: "Fetch nothing: what is not on this machine is listed, and nothing is built without it. Default: false.",
		type: "boolean",
	},
	signCommand: text(
		"A command for the shell that signs images, in place of a private key of this machine: 47 bytes on its input, 64 bytes or their Base64 on its output. The environment's PERSONA_SIGN_COMMAND goes before it.",
	),
};
const READINESS: Type = { type: "array", items: { $ref: "#/types/persona:index:PersonaReadiness" } };

function resource(
	description: string,
	inputs: Record<string, Property>,
	requiredInputs: readonly string[],
	outputs: Record<string, Property>,
	more: object = {},
): object {
	return { description, inputProperties: inputs, requiredInputs, properties: outputs, required: Object.keys(outputs), ...more };
}

function phoneTypes(): { types: Record<string, ObjectType>; parts: Record<string, Property> } {
	const personas = { type: "array", items: { oneOf: [STRING, { $ref: "#/types/persona:index:Persona" }] } };
	const policy = { oneOf: [STRING, { $ref: "#/types/persona:index:Policy" }] };
	const rules = { oneOf: [STRING, { $ref: "#/types/persona:index:Rules" }] };
	const { "persona:index:Phone": phone, ...nested } = documentTypes("Phone", { personas, policy, rules });
	const parts = phone?.properties ?? {};
	// `Phone` itself is the component's token.
	return { types: { ...nested, "persona:index:PhoneParts": { ...(phone as ObjectType) } }, parts };
}

/** The whole text of schema.json. */
export function providerSchema(): string {
	const phone = phoneTypes();
	const types: Record<string, object> = {
		...documentTypes("Persona"),
		...documentTypes("Policy"),
		...documentTypes("Rules"),
		...phone.types,
		"persona:index:PersonaReadiness": {
			type: "object",
			description: "When a persona counts as up.",
			properties: {
				name: text("The persona's name."),
				readyMarker: text("Text the guest prints on its console when it is up; none: it is up as soon as Veil runs it."),
				readyDeadlineSeconds: {
					description: "A deployment fails when the persona is not up after this time, in seconds.",
					type: "number",
				},
			},
			required: ["name", "readyDeadlineSeconds"],
		},
		"persona:index:DeployedVolume": {
			type: "object",
			description: "A volume as a Deployment needs it.",
			properties: {
				id: text("Id of the Volume."),
				persona: text("Name of the persona that sees it."),
				name: text("The volume's name."),
				key: { ...text("The Volume's output `key`."), secret: true },
			},
			required: ["id", "persona", "name", "key"],
		},
		"persona:index:HandsetTarget": {
			type: "object",
			properties: {
				via: text("How an image gets on it: `qemu` starts an emulated one, `usb` flashes a real one. Default: `qemu`."),
				cpus: { description: "Physical CPUs of an emulated handset, 1 to 8. Default: 2.", type: "integer" },
				usb: { description: "The one tablet that may be flashed; only with `usb`.", $ref: "#/types/persona:index:UsbTablet" },
			},
		},
		"persona:index:UsbTablet": {
			type: "object",
			description: "The one tablet that may be flashed. Another tablet is an error, and nothing is written.",
			properties: {
				serial: text("Its USB serial number while it waits to be flashed. Serial, port or both are given."),
				port: text("The USB port it is plugged into, as Linux names it, for instance `1-1.2`."),
				backup: text("A complete FIASCO image to go back to, relative to the folder of Pulumi.yaml."),
				charged: { description: "You have seen to it that its battery is charged. Default: false.", type: "boolean" },
			},
			required: ["backup"],
		},
		"persona:index:PersonaFault": {
			type: "object",
			description: "Why a persona ended, with the processor's words where there are any.",
			properties: {
				reason: text("`guestReset`, `guestCrashed`, `badPayload`, `fault` or `restartLimit`."),
				pc: text("Address of the instruction, in hexadecimal."),
				syndrome: text("ESR_EL2, in hexadecimal."),
				address: text("The address it is about, in hexadecimal."),
			},
			required: ["reason"],
		},
		"persona:index:PersonaStatus": {
			type: "object",
			description: "What a persona is doing.",
			properties: {
				name: text("The persona's name."),
				state: text("`running`, `paused`, `stopped`, `starting`, `crashed` or `off`."),
				ready: { description: "Whether it is up.", type: "boolean" },
				foreground: { description: "Whether it owns display and input.", type: "boolean" },
				cpuPercent: { description: "Share of one physical CPU it used lately, in percent.", type: "number" },
				memoryMiB: { description: "Memory it has touched, in MiB.", type: "number" },
				restarts: { description: "Restarts since the handset's boot.", type: "integer" },
				lastFault: {
					description: "Why it ended or was restarted, unless by command or by itself.",
					$ref: "#/types/persona:index:PersonaFault",
				},
			},
			required: ["name", "state", "ready", "foreground", "cpuPercent", "memoryMiB", "restarts"],
		},
	};
	const resources = {
		"persona:index:GuestImage": resource(
			"The guest of one persona: kernel, initial filesystem and command line. Equal inputs give the same bytes, and no work the second time.",
			{
				document: pathOr(
					"Persona",
					"The Persona document: its path, relative to the folder of Pulumi.yaml, or the document itself.",
				),
				board: BOARD,
			},
			["document", "board"],
			{ ...IMAGE_OUTPUTS, persona: text("The persona's name.") },
		),
		"persona:index:HypervisorImage": resource(
			"Veil, built from its sources for one board.",
			{
				board: BOARD,
				builder: text(
					"What compiles it: `debian` this machine's cross compiler, `buildroot` a run of Buildroot. Default: `debian`.",
				),
				trustedKeys: {
					description:
						"Public Ed25519 keys, 64 hexadecimal digits each and 4 at most: it accepts images signed by one of them and no others. Default: it accepts unsigned images and no others.",
					...KEYS,
				},
			},
			["board"],
			IMAGE_OUTPUTS,
		),
		"persona:index:DeviceImage": resource(
			"What is put on a handset: Veil, the compiled manifest and every persona's payloads.",
			{
				phone: pathOr("PhoneParts", "The Phone document: its path, relative to the folder of Pulumi.yaml, or the phone's parts."),
				hypervisor: text("Key of the HypervisorImage."),
				guests: {
					description: "Key of each persona's GuestImage, by the persona's name.",
					type: "object",
					additionalProperties: STRING,
				},
			},
			["phone", "hypervisor", "guests"],
			{
				...IMAGE_OUTPUTS,
				signature: SIGNATURE,
				trustedKeys: {
					description: "Public keys whose images the phone accepts, for a Deployment; missing where they are not signed.",
					...KEYS,
				},
				personas: { description: "When each persona counts as up, for a Deployment.", ...READINESS },
			},
			{ required: [...Object.keys(IMAGE_OUTPUTS), "signature", "personas"] },
		),
		"persona:index:Handset": resource(
			"One handset, emulated or a tablet that is flashed: an identity and a private folder on this machine. Its id is what `persona --handset` takes.",
			{ board: BOARD, target: { description: "How it is made.", $ref: "#/types/persona:index:HandsetTarget" } },
			["board"],
			{
				board: BOARD,
				hardware: text("Digest of what is emulated; a running phone is started again when it changes."),
				host: text("Name of the machine it is on."),
			},
		),
		"persona:index:Volume": resource(
			"A persona's storage on a handset's disk. It outlives device images, grows in place, and is never replaced by an empty one.",
			{
				handset: text("Id of the Handset it is on."),
				persona: text("Name of the persona that sees it."),
				name: text("Its own name, as in the persona's document. Persona and name say where on the disk it is, on every handset."),
				sizeMiB: { description: "Size in MiB. It may grow, never shrink.", type: "integer" },
				encrypted: { description: "Whether the guest encrypts it (LUKS2). Default: false.", type: "boolean" },
				fileSystem: text("What it begins with: `ext4`, or `none`, which is nothing but zeros. Default: `ext4`."),
				contents: text(
					"Folder whose files are in it at first, relative to the folder of Pulumi.yaml. Only looked at when it is made.",
				),
				onDelete: text("What becomes of its contents when it is deleted: `keep` or `wipe`. Default: `keep`."),
				key: {
					...text("The key of an encrypted volume that is there already, 64 bytes in base64. Default: a new one."),
					secret: true,
				},
			},
			["handset", "persona", "name", "sizeMiB"],
			{
				handset: text("Id of the Handset it is on."),
				persona: text("Name of the persona that sees it."),
				name: text("Its own name."),
				sizeMiB: { description: "Size in MiB.", type: "integer" },
				encrypted: { description: "Whether the guest encrypts it.", type: "boolean" },
				key: {
					...text("Its key, 64 bytes in base64; empty when it is not encrypted. Without it nobody can read the volume."),
					secret: true,
				},
				host: text("Name of the machine it is on."),
			},
		),
		"persona:index:Deployment": resource(
			"A device image running on a handset. Creating and updating it waits until every persona is up, and puts the previous image back when one is not by its deadline; deleting it stops the phone. A tablet is flashed, not observed, and keeps what was flashed when the deployment is deleted.",
			{
				handset: text("Id of the Handset."),
				image: text("Key of the DeviceImage."),
				personas: { description: "When each persona counts as up: `personas` of the DeviceImage.", ...READINESS },
				running: { description: "Whether the phone is to run. Default: true.", type: "boolean" },
				volumes: {
					description: "The Volumes its personas have: their keys are handed over at each start.",
					type: "array",
					items: { $ref: "#/types/persona:index:DeployedVolume" },
				},
				hardware: text("`hardware` of the Handset, so that a change of it starts the phone again."),
				trustedKeys: {
					description:
						"`trustedKeys` of the DeviceImage: who may have signed what is started. Default: nobody, so that unsigned images alone are started.",
					...KEYS,
				},
			},
			["handset", "image", "personas"],
			{
				handset: text("Id of the Handset."),
				image: text("Key of the image that runs; empty when the phone does not."),
				runningKey: text("Key of the image that runs; empty when the phone does not."),
				running: {
					description: "Whether the phone runs. Of a tablet: whether it was flashed whole and told to start.",
					type: "boolean",
				},
				observed: {
					description:
						"Whether that is seen: false of a tablet, to which no line leads, so that nobody knows whether its personas are up.",
					type: "boolean",
				},
				crashed: { description: "Names of personas that have crashed and stay so.", type: "array", items: STRING },
				host: text("Name of the machine the phone is on."),
			},
		),
		"persona:index:Phone": resource(
			"A whole phone: guests and Veil built, composed into a device image, and running on a handset of its own. Takes the path of a Phone document as `phone`, or the phone's parts.",
			{ phone: text("Path of a Phone document, relative to the folder of Pulumi.yaml."), ...phone.parts },
			[],
			{
				handset: text("Id of the handset: what `persona --handset` takes."),
				key: text("Key of the device image; known in previews."),
				digest: text("Digest of the device image's file."),
				signature: SIGNATURE,
				runningKey: text("Key of the image that runs."),
				host: text("Name of the machine the handset is on."),
			},
			{ isComponent: true },
		),
	};
	const schema = {
		name: "persona",
		displayName: "Persona",
		version: packageVersion(),
		description:
			"Phones with isolated personas: builds the hypervisor and guests, composes a device image and keeps the handset as declared.",
		keywords: ["pulumi", "persona", "kind/native", "category/utility"],
		license: "Apache-2.0",
		provider: { description: "The persona provider.", inputProperties: CONFIGURATION },
		config: { variables: CONFIGURATION },
		types,
		resources,
		functions: {
			"persona:index:getStatus": {
				description: "What is true of a handset now: run-time facts that are nobody's outputs because they are not declared.",
				inputs: { properties: { handset: text("Id of the handset.") }, required: ["handset"] },
				outputs: {
					properties: {
						handset: text("Id of the handset."),
						board: text("Its board."),
						digest: text("Digest of the image it runs."),
						personas: {
							description: "Each persona, in the order of the device image.",
							type: "array",
							items: { $ref: "#/types/persona:index:PersonaStatus" },
						},
					},
					required: ["handset", "board", "digest", "personas"],
				},
			},
		},
	};
	return `${JSON.stringify(schema, undefined, "\t")}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(providerSchemaPath, providerSchema());
