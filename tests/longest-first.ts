// SPDX-License-Identifier: Apache-2.0
// The order in which test files are started: what takes longest first, so that none of them is left to run alone at the end.
import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Those above half a minute, roughly the longest first; new ones belong here, in no exact place. The first has the kernel of ARMv6 guests compiled where
 * no run has before, which gives way to what others compute; those that would only wait for it are the last.
 */
const LONG = (
	"n800 fresh-clone pulumi image storage account debian interfaces channels cpus package attacks kill provider " +
	"attacks-n800 handset uefi guests faults view agent network oracle budget-n800 n800-usb n800-last-run n800-storage n800-three"
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
