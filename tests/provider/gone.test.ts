// SPDX-License-Identifier: Apache-2.0
// A provider whose engine is gone leaves, also when that happened before it had started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../components/util/index.ts";

const plugin = join(packageRoot(), "plugin/pulumi-resource-persona");

test("nobody listens at the engine's address", async () => {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	const provider = spawn(plugin, [`127.0.0.1:${port}`], { stdio: "ignore" });
	expect(await once(provider, "exit")).toEqual([1, null]);
});
