// SPDX-License-Identifier: Apache-2.0
// The verifier's part for kernels that run in user mode: the table of what was replaced in them is all there.
import { VEIL_MAX_PATCHES, type VeilPersona } from "./abi.ts";
import type { Tables } from "./veil-manifest.ts";

/** Everything that is wrong with a persona's table of patches, as sentences. */
export function* patchProblems({ payloads }: Tables, { patchPayload, patchCount }: VeilPersona, at: string): Generator<string> {
	if (patchCount === 0) {
		if (patchPayload !== 0) yield `${at}: an empty table of patches in payload ${patchPayload}`;
		return;
	}
	if (patchCount > VEIL_MAX_PATCHES) yield `${at}: ${patchCount} patches`;
	const table = payloads[patchPayload];
	if (table === undefined) yield `${at}: the payload ${patchPayload} of its patches is not there`;
	else if (table.size !== BigInt(patchCount) * 4n) yield `${at}: ${patchCount} patches in a payload of ${table.size} bytes`;
}
