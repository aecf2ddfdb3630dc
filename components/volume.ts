// SPDX-License-Identifier: Apache-2.0
// Volume: a persona's storage, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import { CustomResource } from "./sdk.ts";

export interface VolumeArgs {
	/** Id of the Handset it is on. */
	readonly handset: pulumi.Input<string>;
	/** Name of the persona that sees it. */
	readonly persona: pulumi.Input<string>;
	/** Its own name, as in the persona's document. Persona and name say where on the disk it is, on every handset. */
	readonly name: pulumi.Input<string>;
	/** Size in MiB. It may grow, never shrink. */
	readonly sizeMiB: pulumi.Input<number>;
	/** Whether the guest encrypts it (LUKS2). Default: false. */
	readonly encrypted?: pulumi.Input<boolean>;
	/** What it begins with; `none` is nothing but zeros. Default: `ext4`. */
	readonly fileSystem?: pulumi.Input<"ext4" | "none">;
	/** Folder whose files are in it at first, relative to the folder of Pulumi.yaml. Only looked at when it is made. */
	readonly contents?: pulumi.Input<string>;
	/** What becomes of its contents when it is deleted. Default: `keep`. */
	readonly onDelete?: pulumi.Input<"keep" | "wipe">;
	/** The key of an encrypted volume that is there already, as it was exported: 64 bytes in base64. Default: a new one. */
	readonly key?: pulumi.Input<string>;
}

/** A persona's storage on a handset's disk. It outlives device images and grows in place. */
export class Volume extends CustomResource {
	declare readonly handset: pulumi.Output<string>;
	declare readonly persona: pulumi.Output<string>;
	declare readonly name: pulumi.Output<string>;
	declare readonly sizeMiB: pulumi.Output<number>;
	declare readonly encrypted: pulumi.Output<boolean>;
	/** Its key, 64 bytes in base64, a secret; empty when it is not encrypted. Without it nobody can read the volume. */
	declare readonly key: pulumi.Output<string>;
	/** Name of the machine it is on. */
	declare readonly host: pulumi.Output<string>;

	constructor(name: string, args: VolumeArgs, options: pulumi.CustomResourceOptions = {}) {
		const secrets = [...(options.additionalSecretOutputs ?? []), "key"];
		super(
			"persona:index:Volume",
			name,
			{ key: undefined, ...args, host: undefined },
			{ ...options, additionalSecretOutputs: secrets },
		);
	}
}
