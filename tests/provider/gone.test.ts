// SPDX-License-Identifier: Apache-2.0
// A provider whose engine is gone leaves, also when that happened before it had started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../components/util/index.ts";

const plugin = join(packageRoot(), "plugin/pulumi-resource-persona");

test("nobody listens at the engine's address", async () => {
	// Port 1 is given to no other test: what is free now may be taken before the provider looks.
	const provider = spawn(plugin, ["127.0.0.1:1"], { stdio: "ignore" });
	expect(await once(provider, "exit")).toEqual([1, null]);
});
