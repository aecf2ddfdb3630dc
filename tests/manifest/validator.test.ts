// SPDX-License-Identifier: Apache-2.0
// A validator from the cache finds what a fresh one finds; a damaged cache entry is made anew.
import { mkdtemp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isCidr, schemaOf } from "../../components/manifest/schema.ts";
import { validatorFrom } from "../../components/manifest/validator.ts";

let folder: string;
const before = process.env.PERSONA_CACHE_DIR;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "persona-validator-"));
	process.env.PERSONA_CACHE_DIR = folder;
});
afterEach(async () => {
	if (before === undefined) delete process.env.PERSONA_CACHE_DIR;
	else process.env.PERSONA_CACHE_DIR = before;
	await rm(folder, { recursive: true });
});

function errors() {
	const validate = validatorFrom(schemaOf("Policy"), { cidr: isCidr });
	const document = { version: 2, kind: "Policy", name: "-", nets: 1, networks: { work: { egress: [{ to: "10.0.0.0/64" }] } } };
	expect(validate(document)).toBe(false);
	return validate.errors?.map(({ instancePath, keyword, params, schema }) => ({ instancePath, keyword, params, schema }));
}

async function cached() {
	const names = await readdir(join(folder, "validators"));
	expect(names.map((name) => name.split(".")[1]).sort()).toEqual(["cjs", "compiled"]);
	return names.map((name) => join(folder, "validators", name));
}

test("fresh, cached and repaired validators find the same", async () => {
	const fresh = errors();
	expect(fresh?.map(({ keyword }) => keyword)).toEqual(expect.arrayContaining(["const", "additionalProperties", "format"]));
	expect(errors()).toEqual(fresh);
	for (const file of await cached()) {
		// given a cache entry that was cut off
		const whole = await readFile(file);
		await truncate(file, Math.floor(whole.length / 2));
		// then it is not used, and made anew
		expect(errors()).toEqual(fresh);
		const again = await readFile(file);
		// What V8 makes of the same text need not be the same bytes.
		if (file.endsWith(".cjs")) expect(again).toEqual(whole);
		else expect(again.length).toBeGreaterThan(whole.length / 2);
	}
});
