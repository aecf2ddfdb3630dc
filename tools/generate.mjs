// SPDX-License-Identifier: Apache-2.0
// `npm run generate`: everything that is generated, one after the other, with a current Node whatever Node npm runs with.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, run } from "./console.mjs";
import { packageFolder, setUp } from "./setup.mjs";

const tools = dirname(fileURLToPath(import.meta.url));

async function main() {
	await setUp(packageFolder, { tests: true });
	const generators = readdirSync(tools).filter((name) => /^generate-.*\.ts$/.test(name));
	for (const name of generators.sort())
		process.stdout.write(await run(process.execPath, [join(tools, name)], { cwd: packageFolder }));
}

await main().catch(fail);
