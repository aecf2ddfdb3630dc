// SPDX-License-Identifier: Apache-2.0
// The agent of a guest: compiled from agent/ with the compiler Veil is built with. Its key is that of its sources and compiler.
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { packageRoot } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";
import { compilerVersion } from "./hypervisor.ts";
import type { AgentInputs, BuildContext } from "./types.ts";

/** Another number means other bytes from the same sources. */
const RECIPE = 1;
const PROGRAM = "persona-agent";

const home = () => join(packageRoot(), "agent");

/** What the agent is built from. @throws UserError when the cross compiler is missing */
export async function agentInputs(root = home()): Promise<AgentInputs> {
	return { sources: await sourcesDigest(root), compiler: await compilerVersion(), recipe: RECIPE };
}

/**
 * The agent as a program for arm64 Linux; from the store where it was built from the same inputs before.
 *
 * @throws UserError when it does not compile
 */
export async function agentProgram(
	inputs: AgentInputs,
	{ store, signal, progress }: BuildContext,
	root = home(),
): Promise<Uint8Array> {
	const key = sha256(canonicalJson({ kind: "agent", ...inputs }));
	return store.exclusively(key, { signal, progress }, async () => {
		const known = await store.getKeyed(key);
		const stored = typeof known === "string" ? await store.get(known, signal) : undefined;
		if (stored !== undefined) return readFile(stored.path);
		progress("compiling the agent");
		const scratch = await mkdtemp(join(tmpdir(), "persona-agent-"));
		try {
			const sources = join(scratch, "sources");
			await cp(root, sources, { recursive: true });
			if ((await sourcesDigest(sources)) !== inputs.sources) {
				throw new UserError("the agent's sources changed while it was built", {
					where: root,
					remedy: "run the same command again",
				});
			}
			const env = { PATH: process.env.PATH, HOME: scratch, LC_ALL: "C.UTF-8", TZ: "UTC", SOURCE_DATE_EPOCH: "0" };
			await run("make", ["-C", sources, `BUILD=${scratch}/build`], { env, signal, killAfterMs: 400 });
			const program = await readFile(join(scratch, "build", PROGRAM));
			await store.putKeyed(key, (await store.put(program, signal)).digest);
			return program;
		} catch (error) {
			if (!(error instanceof ProcessError)) throw error;
			const tail = error.stderr.trim().split("\n").slice(-8).join("\n");
			throw new UserError(`the agent does not compile:\n${tail}`, { where: root, cause: error });
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
}

/** Of what the program is made from: not of what its tests on the build machine need. */
async function sourcesDigest(root: string): Promise<string> {
	const names = (await readdir(root, { recursive: true }))
		.map((name) => name.replaceAll("\\", "/"))
		.filter((name) => /(^|\/)(Makefile|[^/]*\.[ch])$/.test(name) && !/^(host|build)\//.test(name))
		.sort();
	const lines: string[] = [];
	for (const name of names) lines.push(`${name} ${sha256(await readFile(join(root, name)))}`);
	return sha256(lines.join("\n"));
}
