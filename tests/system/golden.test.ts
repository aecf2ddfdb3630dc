// SPDX-License-Identifier: Apache-2.0
// States that earlier versions wrote: whatever has changed since, nobody's handset or volume is replaced by an upgrade. A folder a version;
// state.json is `pulumi stack export` of the documents beside it, with the handset on a machine that is not this one.
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { CliProject, PHONE_PROGRAM } from "./cli-project.ts";

const golden = join(packageRoot(), "tests", "system", "golden");

test.each(readdirSync(golden))(
	"a stack of version %s is gone on with: nothing is created, replaced or deleted",
	async (version) => {
		const project = new CliProject(PHONE_PROGRAM);
		try {
			cpSync(join(golden, version), project.folder, { recursive: true });
			expect((await project.pulumi("stack", "init", "dev", "--non-interactive")).status).toBe(0);
			const imported = await project.pulumi("stack", "import", "--stack", "dev", "--file", "state.json", "--non-interactive");
			expect(imported.output).toContain("Import complete");
			const preview = await project.pulumi("preview", "--stack", "dev", "--non-interactive", "--json");
			const json = preview.output.slice(preview.output.indexOf("{"));
			const { changeSummary } = JSON.parse(json) as { changeSummary: Record<string, number> };
			const { same = 0, update = 0, refresh: _, ...others } = changeSummary;
			expect(others).toEqual({});
			expect(same + update).toBeGreaterThanOrEqual(8);
		} finally {
			project.remove();
		}
	},
);
