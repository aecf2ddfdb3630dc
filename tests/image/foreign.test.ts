// SPDX-License-Identifier: Apache-2.0
// Programs of the guest's architecture run while a root filesystem is made, without a trace on the host.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { runForeign } from "../../components/image/foreign.ts";
import { AT_ONCE } from "../at-once.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const env = { PATH: process.env.PATH };

/** A command that takes whatever options mmdebstrap would get. */
function script(text: string): string {
	const path = join(temporaryFolder(), "script");
	writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
	return path;
}

test("arm64 programs run, as root of a namespace and with a plain umask", async () => {
	const { stdout } = await runForeign(script("arch-test arm64; id -u; umask"), [], { env });
	expect(stdout).toBe("arm64: ok\n0\n0022\n");
});

test("nothing is mounted on the host", async () => {
	const before = readFileSync("/proc/mounts", "utf8");
	await runForeign(script("mount -t tmpfs tmpfs /mnt && grep -c /mnt /proc/mounts"), [], { env });
	expect(readFileSync("/proc/mounts", "utf8")).toBe(before);
});

test("a failure is told with its status", async () => {
	await expect(runForeign(script("echo why >&2; exit 9"), [], { env })).rejects.toMatchObject({ name: "ProcessError", status: 9 });
});

test("an abort ends everything within a second", AT_ONCE, async () => {
	const stop = new AbortController();
	const started: string[] = [];
	// Numbers inside the namespace are not the host's, hence the marker file that a survivor would go on writing.
	const marker = join(temporaryFolder(), "ticks");
	const running = runForeign(script(`trap '' TERM; echo up; while :; do echo x >>"${marker}"; sleep 0.05; done`), [], {
		env,
		signal: stop.signal,
		onLine: (line) => {
			started.push(line);
			stop.abort();
		},
	});
	const start = Date.now();
	await expect(running).rejects.toThrow(/abort/i);
	expect(started).toEqual(["up"]);
	expect(Date.now() - start).toBeLessThan(5000);
	const size = readFileSync(marker).length;
	await delay(300);
	expect(readFileSync(marker).length).toBe(size);
});
