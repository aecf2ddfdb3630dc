// SPDX-License-Identifier: Apache-2.0
// Phone: what most users declare. Takes a Phone document or its parts and makes every resource the phone consists of.
import type pulumi from "@pulumi/pulumi";
import { Deployment } from "./deployment.ts";
import { DeviceImage } from "./device-image.ts";
import { GuestImage } from "./guest-image.ts";
import { Handset } from "./handset.ts";
import { HypervisorImage } from "./hypervisor-image.ts";
import type { InputsOf } from "./inputs.ts";
import type { PhoneParts } from "./manifest/index.ts";
import { declaredPhone } from "./phone-declared.ts";
import { ComponentResource, Output, output } from "./sdk.ts";
import { Volume } from "./volume.ts";

/** A phone by its document, or by its parts. */
export type PhoneArgs =
	| {
			/** Path of a Phone document, relative to the folder of Pulumi.yaml. */
			readonly phone: pulumi.Input<string>;
	  }
	| InputsOf<PhoneParts>;

interface PhoneOutputs {
	/** Id of the handset: what `persona --handset` takes. */
	readonly handset: pulumi.Output<string>;
	/** Key of the device image; known in previews. */
	readonly key: pulumi.Output<string>;
	/** Digest of the device image's file. */
	readonly digest: pulumi.Output<string>;
	/** Whose signature the device image carries: `ed25519:<fingerprint>`, or `development` for none. */
	readonly signature: pulumi.Output<string>;
	/** Key of the image that runs. */
	readonly runningKey: pulumi.Output<string>;
	/** Name of the machine the handset is on. */
	readonly host: pulumi.Output<string>;
}

/** A whole phone: guests and Veil built, composed into a device image, and running on a handset of its own. */
export class Phone extends ComponentResource<PhoneOutputs> {
	readonly handset: PhoneOutputs["handset"];
	readonly key: PhoneOutputs["key"];
	readonly digest: PhoneOutputs["digest"];
	readonly signature: PhoneOutputs["signature"];
	readonly runningKey: PhoneOutputs["runningKey"];
	readonly host: PhoneOutputs["host"];

	constructor(name: string, args: PhoneArgs, options?: pulumi.ComponentResourceOptions) {
		super("persona:index:Phone", name, args as pulumi.Inputs, options);
		const data = this.getData();
		const outputs = output(data);
		this.handset = outputs.handset;
		this.key = outputs.key;
		this.digest = outputs.digest;
		this.signature = outputs.signature;
		this.runningKey = outputs.runningKey;
		this.host = outputs.host;
		// When the documents have problems the program hears of them once, and not again from every output.
		for (const output of [outputs, ...Object.values({ ...this }).filter(Output.isInstance)]) settleQuietly(output);
		void data.then();
	}

	/** Comes back when every resource of the phone has been declared; throws when its documents have problems. */
	async made(): Promise<void> {
		await this.getData();
	}

	protected override async initialize(args: PhoneArgs, _options: unknown, name: string): Promise<PhoneOutputs> {
		const options = { parent: this };
		const { board, veilBuilder, target, personas, source, trustedKeys } = await declaredPhone(args, this);
		const trust = trustedKeys === undefined ? {} : { trustedKeys };
		const guests = Object.fromEntries(
			personas.map((persona) => {
				const guest = new GuestImage(`${name}-${persona.name}`, { document: persona.document, board }, options);
				return [persona.name, guest.key];
			}),
		);
		const hypervisor = new HypervisorImage(name, { board, builder: veilBuilder, ...trust }, options).key;
		const image = new DeviceImage(name, { phone: source, hypervisor, guests }, options);
		const handset = new Handset(name, { board, target }, options);
		const { hardware } = handset;
		const volumes = personas.flatMap((persona) =>
			persona.volumes.map((volume) => {
				const { onDelete } = volume;
				const args = { ...volume, handset: handset.id, persona: persona.name };
				// What would be kept is not deleted by mistake either: with the resource goes the key.
				const made = new Volume(`${name}-${persona.name}-${volume.name}`, args, { ...options, protect: onDelete === "keep" });
				return { id: made.id, persona: persona.name, name: volume.name, key: made.key };
			}),
		);
		const running = { handset: handset.id, image: image.key, personas: image.personas, hardware, ...trust };
		const deployment = new Deployment(name, { ...running, ...(volumes.length === 0 ? {} : { volumes }) }, options);
		const { key, digest, signature } = image;
		const outputs = { handset: handset.id, key, digest, signature, runningKey: deployment.runningKey, host: handset.host };
		this.registerOutputs(outputs);
		return outputs;
	}
}

/** Marks what an output consists of as handled. (These are the SDK's own names for its parts.) */
function settleQuietly(output: unknown): void {
	const { isKnown, isSecret, allResources, promise } = output as Record<"isKnown" | "isSecret", Promise<unknown>> &
		Record<"allResources" | "promise", () => Promise<unknown>>;
	for (const part of [isKnown, isSecret, allResources.call(output), promise.call(output)]) part.catch(() => {});
}
