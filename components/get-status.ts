// SPDX-License-Identifier: Apache-2.0
// getStatus: what `persona status --json` prints, for programs.
import type pulumi from "@pulumi/pulumi";
import { invoke, output } from "./sdk.ts";

export interface PersonaStatus {
	readonly name: string;
	readonly state: string;
	readonly ready: boolean;
	readonly foreground: boolean;
	/** Share of one physical CPU it used lately, in percent. */
	readonly cpuPercent: number;
	readonly memoryMiB: number;
	/** Restarts since the handset's boot. */
	readonly restarts: number;
	readonly lastFault: string | null;
}

export interface Status {
	readonly handset: string;
	readonly board: string;
	/** Digest of the image it runs; null when it runs none. */
	readonly digest: string | null;
	readonly personas: readonly PersonaStatus[];
}

/** What is true of a handset now: run-time facts that are nobody's outputs because they are not declared. */
export function getStatus(args: { readonly handset: pulumi.Input<string> }): pulumi.Output<Status> {
	return output(args).apply((plain) => invoke("persona:index:getStatus", plain) as Promise<Status>);
}
