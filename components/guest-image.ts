// SPDX-License-Identifier: Apache-2.0
// GuestImage: the operating system of one persona, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import type { Inputs } from "./inputs.ts";
import type { Inline, PersonaInput } from "./manifest/index.ts";
import { CustomResource } from "./sdk.ts";

export interface GuestImageArgs {
	/** The Persona document: its path, relative to the folder of Pulumi.yaml, or the document itself. */
	readonly document: pulumi.Input<string> | Inputs<Inline<PersonaInput>>;
	/** The board it is to run on: a folder's name in `boards/`, for instance `qemu-virt`. */
	readonly board: pulumi.Input<string>;
}

/** The guest of one persona: kernel, initial filesystem and command line. Equal inputs give the same bytes, and no work the second time. */
export class GuestImage extends CustomResource {
	/** Digest of everything it is built from, as `sha256:<hex>`; known in previews, on any machine. */
	declare readonly key: pulumi.Output<string>;
	/** Digest of its content, as `sha256:<hex>`. */
	declare readonly digest: pulumi.Output<string>;
	/** Size of its parts together, in bytes. */
	declare readonly size: pulumi.Output<number>;
	/** The persona's name. */
	declare readonly persona: pulumi.Output<string>;
	declare readonly board: pulumi.Output<string>;

	constructor(name: string, args: GuestImageArgs, options?: pulumi.CustomResourceOptions) {
		const outputs = { key: undefined, digest: undefined, size: undefined, persona: undefined };
		super("persona:index:GuestImage", name, { ...args, ...outputs }, options);
	}
}
