// SPDX-License-Identifier: Apache-2.0
// A stand-in for diffoscope, so that tests do not depend on whether it is installed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

/** Puts a shell script of that name before all other commands, until the environment is restored. */
export function standInForDiffoscope(script: string): void {
	const folder = temporaryFolder();
	writeFileSync(join(folder, "diffoscope"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}
