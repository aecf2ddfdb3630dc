// SPDX-License-Identifier: Apache-2.0
// schema.json: current, accepted by the engine, and served by the plugin.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { providerSchema, providerSchemaPath } from "../../tools/generate-provider-schema.ts";
import { enginePath } from "./project.ts";

const written = () => JSON.parse(readFileSync(providerSchemaPath, "utf8"));
const pulumi = (...args: string[]) =>
	execFileSync("pulumi", args, { encoding: "utf8", env: { ...process.env, PATH: enginePath(), PULUMI_SKIP_UPDATE_CHECK: "true" } });

test("schema.json is what the document schemas say", () => {
	expect(written()).toEqual(JSON.parse(providerSchema()));
});

test("the engine accepts it", () => {
	pulumi("schema", "check", providerSchemaPath);
});

test("the plugin serves it", () => {
	const served = JSON.parse(pulumi("package", "get-schema", join(packageRoot(), "plugin", "pulumi-resource-persona")));
	expect(Object.keys(served.resources).sort()).toEqual(Object.keys(written().resources).sort());
});
