// SPDX-License-Identifier: Apache-2.0
// What building again has shown is reported even where what differs could not be kept.
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { verify } from "../../components/cli/commands/verify.ts";
import { compose } from "../../components/image/compose.ts";
import { composeSpec, smallPersona } from "../image/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const report = {
	same: false,
	conditions: { locale: "C", timeZone: "UTC", umask: "077", jobs: 1, clockDays: null },
	artifacts: [{ name: "veil", first: "sha256:1", second: "sha256:2", difference: { offset: 3, explanation: ["at 3"] } }],
	notKept: "/full/first/veil: its disk is full\n  make room there, or name another place",
};
test.each([true, false])("as JSON: %s", async (json) => {
	const image = join(temporaryFolder(), "image");
	await compose(composeSpec([smallPersona("work")]), image);
	const [out, err] = [new PassThrough(), new PassThrough()];
	const terminal = { out, err, in: new PassThrough(), interactive: false, colours: false };
	const code = await verify(
		terminal,
		image,
		{ json, rebuild: true, phone: "dev.phone.yaml", keep: temporaryFolder(), key: [] },
		async () => report,
	);
	out.end();
	err.end();
	expect(code).toBe(3);
	const said = await text(out);
	if (json)
		expect(JSON.parse(said)).toMatchObject({ ok: false, rebuild: { notKept: report.notKept, artifacts: report.artifacts } });
	else expect(said).toContain("✗ veil\n      first:  sha256:1\n      second: sha256:2\n      at 3\n");
	expect(await text(err)).toContain(`not kept: ${report.notKept}\n`);
});
