// SPDX-License-Identifier: Apache-2.0
// The order in which test files are started: what takes longest first, so that none of them is left to run alone at the end.
import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Those above half a minute, roughly the longest first; new ones belong here, in no exact place. Those that need the kernel of ARMv6 guests are the
 * last: where no run has built it before, it is being built beside the others (tools/build-kernel.ts).
 */
const LONG = (
	"fresh-clone pulumi storage image package debian interfaces attacks cpus offline account kill provider channels signing handset agent " +
	"guests network uefi faults view view-input builds " +
	"oracle budget-n800 attacks-n800 n800 n800-last-run n800-usb n800-storage n800-three"
).split(" ");

function rank({ moduleId }: TestSpecification): number {
	const place = LONG.indexOf(basename(moduleId, ".test.ts"));
	return place < 0 ? LONG.length : place;
}

export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
	}
}
