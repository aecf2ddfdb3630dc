// SPDX-License-Identifier: Apache-2.0
// Handset: one device, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import { CustomResource } from "./sdk.ts";

export interface HandsetArgs {
	/** A folder's name in `boards/`, for instance `qemu-virt`. Another board is another handset. */
	readonly board: pulumi.Input<string>;
	readonly target?: pulumi.Input<{
		/** How an image gets on it: `qemu` starts an emulated one, `usb` flashes a real one. Default: `qemu`. */
		readonly via?: pulumi.Input<"qemu" | "usb">;
		/** Physical CPUs of an emulated handset, 1 to 8. Default: 2. */
		readonly cpus?: pulumi.Input<number>;
		/** The one tablet that may be flashed; only with `usb`. Another tablet is an error, and nothing is written. */
		readonly usb?: pulumi.Input<{
			/** Its USB serial number while it waits to be flashed. Serial, port or both are given. */
			readonly serial?: pulumi.Input<string>;
			/** The USB port it is plugged into, as Linux names it, for instance `1-1.2`. */
			readonly port?: pulumi.Input<string>;
			/** A complete FIASCO image to go back to, relative to the folder of Pulumi.yaml. */
			readonly backup: pulumi.Input<string>;
			/** You have seen to it that its battery is charged: its boot loader cannot be asked. Default: false. */
			readonly charged?: pulumi.Input<boolean>;
		}>;
	}>;
}

/** One handset, emulated or real: an identity and a private folder on this machine. Its id is what `persona --handset` takes. */
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
