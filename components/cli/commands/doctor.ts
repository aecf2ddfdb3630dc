// SPDX-License-Identifier: Apache-2.0
// `persona doctor`: each thing the project needs from the machine, whether it is there, and the fix where it is not.
import { checkNeeds } from "../../../tools/needs.mjs";
import { engineEnvironment } from "../../util/engine-env.ts";
import { projectRoot } from "../../util/paths.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

export function doctor(terminal: Terminal, options: { readonly json: boolean }): ExitCode {
	const project = projectRoot();
	const checks = checkNeeds(project, { ...process.env, ...engineEnvironment(project).variables });
	const bad = checks.filter(({ ok }) => !ok);
	if (options.json) printJson(terminal, { ok: bad.length === 0, checks });
	else {
		for (const { name, ok, found, why, fix } of checks) {
			const mark = ok ? styled(terminal, "green", "✓") : styled(terminal, "red", "✗");
			print(terminal, `${mark} ${name.padEnd(26)} ${found}  ${styled(terminal, "dim", why)}`);
			if (fix !== undefined) print(terminal, `  ${styled(terminal, "yellow", `fix: ${fix}`)}`);
		}
		print(terminal, bad.length === 0 ? "everything is there" : `${bad.length} of ${checks.length} are missing`);
	}
	return bad.length === 0 ? EXIT.ok : EXIT.found;
}
