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
	/** Why it ended or was restarted, unless by command or by itself, with the processor's words where there are any. */
	readonly lastFault: {
		readonly reason: string;
		readonly pc?: string;
		readonly syndrome?: string;
		readonly address?: string;
	} | null;
}

export interface Status {
	readonly handset: string;
	readonly board: string;
	/** Digest of the image it runs, or ran last; empty when it never ran. */
	readonly digest: string;
	readonly personas: readonly PersonaStatus[];
}

/** What is true of a handset now: run-time facts that are nobody's outputs because they are not declared. */
export function getStatus(args: { readonly handset: pulumi.Input<string> }): pulumi.Output<Status> {
	return output(args).apply((plain) => invoke("persona:index:getStatus", plain) as Promise<Status>);
}
