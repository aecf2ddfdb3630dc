// SPDX-License-Identifier: Apache-2.0
// Whether somebody was asked before a real tablet is written. Pulumi asks the user, or is told `--yes` by them; `npm run up` tells it so by
// itself, for emulated phones. It looks for tablets in the phone's document, and says here that nobody was asked where it found none.
import { UserError } from "../util/errors.ts";

/** Throws a UserError where the yes to this operation was nobody's. */
export function requireConsent(handset: string, env: NodeJS.ProcessEnv = process.env): void {
	if (env.PERSONA_UNASKED === undefined) return;
	throw new UserError(
		`handset ${handset} is a tablet, which is flashed after somebody was asked, and \`npm run up\` asks for none that code declares`,
		{
			remedy: '`eval "$(npx persona env)"`, then `pulumi up`',
		},
	);
}
