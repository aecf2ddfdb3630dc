// SPDX-License-Identifier: Apache-2.0
// Builds a phone in a process of its own, whose surroundings the caller chose: PHONE STORE UMASK [IMAGE]. It signs with the signatures of that image,
// since it has no private key. Prints what was built as JSON.
import { dirname } from "node:path";
import { loadLock, openStore, signaturesOf } from "../image/index.ts";
import { renderProblems } from "../manifest/index.ts";
import { loadAndCheckPhone } from "../policy/index.ts";
import { renderError, UserError } from "../util/errors.ts";
import { projectRoot } from "../util/paths.ts";
import { buildArtifacts } from "./artifacts.ts";

const [phone = "", storeDir = "", umask = "022", image] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));
try {
	const { resolved, problems } = await loadAndCheckPhone(phone);
	if (resolved === undefined) throw new UserError(`the copied documents are wrong\n${renderProblems(problems)}`);
	const store = await openStore(storeDir);
	const projectDir = projectRoot(dirname(phone), {});
	const progress = (message: string) => void process.stderr.write(`${message}\n`);
	const sign = image === undefined ? {} : { sign: await signaturesOf(image) };
	const context = { store, lock: await loadLock(projectDir), progress, projectDir, ...sign };
	process.stdout.write(`${JSON.stringify(await buildArtifacts(resolved, context))}\n`);
} catch (error) {
	process.stderr.write(`${renderError(error)}\n`);
	process.exitCode = 1;
}
