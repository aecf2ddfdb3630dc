// SPDX-License-Identifier: Apache-2.0
// Handset: one device, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import { CustomResource } from "./sdk.ts";

export interface HandsetArgs {
	/** A folder's name in `boards/`, for instance `qemu-virt`. Another board is another handset. */
	readonly board: pulumi.Input<string>;
	readonly target?: pulumi.Input<{
		/** How an image gets on it: `qemu` starts an emulated one. Default: `qemu`. */
		readonly via?: pulumi.Input<"qemu">;
		/** Physical CPUs of an emulated handset, 1 to 8. Default: 2. */
		readonly cpus?: pulumi.Input<number>;
	}>;
}

/** One emulated handset: an identity and a private folder on this machine. Its id is what `persona --handset` takes. */
export class Handset extends CustomResource {
	declare readonly board: pulumi.Output<string>;
	/** Digest of what is emulated; a running phone is started again when it changes. */
	declare readonly hardware: pulumi.Output<string>;
	/** Name of the machine it is on. */
	declare readonly host: pulumi.Output<string>;

	constructor(name: string, args: HandsetArgs, options?: pulumi.CustomResourceOptions) {
		super("persona:index:Handset", name, { ...args, hardware: undefined, host: undefined }, options);
	}
}
