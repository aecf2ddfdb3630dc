// SPDX-License-Identifier: Apache-2.0
// Deployment: a device image running on a handset, as a program declares it.
import type pulumi from "@pulumi/pulumi";
import type { PersonaReadiness } from "./device-image.ts";
import { CustomResource } from "./sdk.ts";

export interface DeploymentArgs {
	/** Id of the Handset. */
	readonly handset: pulumi.Input<string>;
	/** Key of the DeviceImage. */
	readonly image: pulumi.Input<string>;
	/** When each persona counts as up: `personas` of the DeviceImage. */
	readonly personas: pulumi.Input<readonly pulumi.Input<PersonaReadiness>[]>;
	/** Whether the phone is to run. Default: true. */
	readonly running?: pulumi.Input<boolean>;
	/** The Volumes its personas have: their keys are handed over at each start. */
	readonly volumes?: pulumi.Input<readonly pulumi.Input<DeployedVolume>[]>;
	/** `trustedKeys` of the DeviceImage: who may have signed what is started. Default: nobody, so that unsigned images alone are started. */
	readonly trustedKeys?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
	/** `hardware` of the Handset, so that a change of it starts the phone again. */
	readonly hardware?: pulumi.Input<string>;
}

/** A volume as a Deployment needs it. */
export interface DeployedVolume {
	/** Id of the Volume. */
	readonly id: pulumi.Input<string>;
	readonly persona: pulumi.Input<string>;
	readonly name: pulumi.Input<string>;
	/** Its output `key`. */
	readonly key: pulumi.Input<string>;
}

/**
 * A device image on a handset. Creating and updating it waits until every persona is up, and puts the previous image back when one is
 * not by its deadline; deleting it stops the phone. A tablet is flashed, not observed, and keeps what was flashed when the deployment is
 * deleted.
 */
export class Deployment extends CustomResource {
	declare readonly handset: pulumi.Output<string>;
	/** Key of the image that runs; empty when the phone does not. */
	declare readonly runningKey: pulumi.Output<string>;
	/** Whether the phone runs. Of a tablet: whether it was flashed whole and told to start. */
	declare readonly running: pulumi.Output<boolean>;
	/** Whether that is seen: false of a tablet, to which no line leads, so that nobody knows whether its personas are up. */
	declare readonly observed: pulumi.Output<boolean>;
	/** Names of personas that have crashed and stay so. */
	declare readonly crashed: pulumi.Output<string[]>;
	/** Name of the machine the phone is on. */
	declare readonly host: pulumi.Output<string>;

	constructor(name: string, args: DeploymentArgs, options?: pulumi.CustomResourceOptions) {
		const outputs = { runningKey: undefined, observed: undefined, crashed: undefined, host: undefined };
		super("persona:index:Deployment", name, { ...args, ...outputs }, options);
	}
}
