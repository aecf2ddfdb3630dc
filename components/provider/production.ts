// SPDX-License-Identifier: Apache-2.0
// The real stages behind the provider's interface.
import { UserError } from "../util/errors.ts";
import { projectRoot } from "../util/paths.ts";
import type { Stages } from "./stages.ts";

export async function productionStages(): Promise<Stages> {
	throw new UserError(`the other stages are not there yet (${projectRoot()})`);
}
