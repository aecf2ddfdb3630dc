// SPDX-License-Identifier: Apache-2.0
// HypervisorImage: Veil for a board, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import { CustomResource } from "./sdk.ts";

export interface HypervisorImageArgs {
	/** The board Veil is to run on: a folder's name in `boards/`, for instance `qemu-virt`. */
	readonly board: pulumi.Input<string>;
	/** What compiles it: `debian` this machine's cross compiler (default), `buildroot` a run of Buildroot. */
	readonly builder?: pulumi.Input<"debian" | "buildroot">;
	/**
	 * Public Ed25519 keys, 64 hexadecimal digits each and 4 at most: it accepts images signed by one of them and no others. Default: it accepts
	 * unsigned images and no others.
	 */
	readonly trustedKeys?: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/** Veil, built from its sources for one board. */
export class HypervisorImage extends CustomResource {
	/** Digest of everything it is built from, as `sha256:<hex>`; known in previews. */
	declare readonly key: pulumi.Output<string>;
	/** Digest of its content, as `sha256:<hex>`. */
	declare readonly digest: pulumi.Output<string>;
	/** Size in bytes. */
	declare readonly size: pulumi.Output<number>;
	declare readonly board: pulumi.Output<string>;

	constructor(name: string, args: HypervisorImageArgs, options?: pulumi.CustomResourceOptions) {
		super("persona:index:HypervisorImage", name, { ...args, key: undefined, digest: undefined, size: undefined }, options);
	}
}
