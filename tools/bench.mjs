// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: set-up, then the comparison with bare QEMU and Xen. Arguments go to it: `npm run bench -- micro --json`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fail } from "./console.mjs";
import { packageFolder, setUp } from "./setup.mjs";

/** @param {readonly string[]} words */
async function main(words) {
	await setUp(packageFolder, { tests: true });
	const child = spawn(process.execPath, [join(packageFolder, "bench/run.ts"), ...words], { stdio: "inherit" });
	process.exitCode = await new Promise((settle, broken) => {
		child.once("error", broken);
		child.once("close", (status) => settle(status ?? 1));
	});
}

await main(process.argv.slice(2)).catch(fail);
