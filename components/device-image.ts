// SPDX-License-Identifier: Apache-2.0
// DeviceImage: Veil with every persona's guest in one file, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import type { Inputs } from "./inputs.ts";
import type { PhoneParts } from "./manifest/index.ts";
import { CustomResource } from "./sdk.ts";

export interface DeviceImageArgs {
	/** The Phone document: its path, relative to the folder of Pulumi.yaml, or the phone's parts. */
	readonly phone: pulumi.Input<string> | Inputs<PhoneParts>;
	/** Key of the HypervisorImage. */
	readonly hypervisor: pulumi.Input<string>;
	/** Key of each persona's GuestImage, by the persona's name. */
	readonly guests: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/** When a persona counts as up. */
export interface PersonaReadiness {
	readonly name: string;
	/** Text the guest prints on its console when it is up; null: it is up as soon as Veil runs it. */
	readonly readyMarker: string | null;
	readonly readyDeadlineSeconds: number;
}

/** What is put on a handset: Veil, the compiled manifest and every persona's payloads. */
export class DeviceImage extends CustomResource {
	/** Digest of everything it is composed from, as `sha256:<hex>`; known in previews. */
	declare readonly key: pulumi.Output<string>;
	/** Digest of the file, as `sha256:<hex>`. */
	declare readonly digest: pulumi.Output<string>;
	/** Size in bytes. */
	declare readonly size: pulumi.Output<number>;
	/** Whose signature it carries: `ed25519:<fingerprint>`, or `development` for none. Known in previews. */
	declare readonly signature: pulumi.Output<string>;
	/** Public keys whose images the phone accepts, for a Deployment; undefined where they are not signed. */
	declare readonly trustedKeys: pulumi.Output<string[] | undefined>;
	/** When each persona counts as up, for a Deployment. */
	declare readonly personas: pulumi.Output<PersonaReadiness[]>;
	declare readonly board: pulumi.Output<string>;

	constructor(name: string, args: DeviceImageArgs, options?: pulumi.CustomResourceOptions) {
		const outputs = {
			key: undefined,
			digest: undefined,
			size: undefined,
			signature: undefined,
			trustedKeys: undefined,
			personas: undefined,
			board: undefined,
		};
		super("persona:index:DeviceImage", name, { ...args, ...outputs }, options);
	}
}
