// SPDX-License-Identifier: Apache-2.0
// Which handset and which persona a command is about.
import { type HandsetSummary, listHandsets } from "../handset/index.ts";
import { didYouMean } from "../manifest/suggest.ts";
import { UserError } from "../util/errors.ts";

/** The handset named by id, label or the beginning of an id; without a name the only one that runs. */
export async function chooseHandset(name: string | undefined): Promise<HandsetSummary> {
	const handsets = await listHandsets();
	if (name !== undefined) return named(handsets, name);
	const running = handsets.filter(({ state }) => state === "running");
	const [only] = running.length > 0 ? running : handsets;
	if (only === undefined) throw new UserError("there is no handset", { remedy: "`npm run up` (or `pulumi up`) makes one" });
	if (running.length > 1 || (running.length === 0 && handsets.length > 1)) {
		const which = running.length > 1 ? running : handsets;
		throw new UserError(`there are ${which.length} handsets${running.length > 1 ? " that run" : ""}`, {
			remedy: `say which with --handset: ${which.map(({ id }) => id).join(", ")}`,
		});
	}
	return only;
}

function named(handsets: readonly HandsetSummary[], name: string): HandsetSummary {
	const exact = handsets.filter(({ id, label }) => id === name || label === name);
	const matching = exact.length > 0 ? exact : handsets.filter(({ id }) => id.startsWith(name));
	const [found] = matching;
	if (found !== undefined && matching.length === 1) return found;
	if (matching.length > 1) {
		throw new UserError(`"${name}" begins the ids of ${matching.length} handsets`, {
			remedy: `say more of it: ${matching.map(({ id }) => id).join(", ")}`,
		});
	}
	const ids = handsets.map(({ id }) => id);
	throw new UserError(`there is no handset "${name}"${didYouMean(name, ids)}`, {
		remedy: ids.length === 0 ? "`npm run up` (or `pulumi up`) makes one" : `there are: ${ids.join(", ")}`,
	});
}

/** Throws a UserError unless the handset has a persona of this name. */
export function checkPersonaName(handset: HandsetSummary, persona: string): void {
	if (handset.personas.includes(persona)) return;
	throw new UserError(`handset ${handset.id} has no persona "${persona}"${didYouMean(persona, handset.personas)}`, {
		remedy: `it has: ${handset.personas.join(", ")}`,
	});
}
