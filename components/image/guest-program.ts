// SPDX-License-Identifier: Apache-2.0
// Programs of ours in a guest: each compiled from a folder of the package with the compiler Veil is built with, by the folder's Makefile.
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Board } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { packageRoot } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";
import { toolEnvironment } from "../util/tool-env.ts";
import { builtOnce } from "./built-once.ts";
import { COMPILER_PREFIX, compilerVersion } from "./compiler.ts";
import type { BuildContext, ProgramInputs } from "./types.ts";

/** Another number means other bytes from the same sources. */
const RECIPE = 1;
/** Where a program keeps what differs. */
const FOLDERS = { arm64: "arm64", armv6: "arm" } as const;

/** What a program is built from; `folder` is relative to the package. @throws UserError when the cross compiler is missing */
export async function programInputs(folder: string, architecture: Board["architecture"]): Promise<ProgramInputs> {
	return {
		sources: await sourcesDigest(join(packageRoot(), folder)),
		compiler: await compilerVersion(architecture),
		...(architecture === "arm64" ? {} : { architecture }),
		recipe: RECIPE,
	};
}

/**
 * A program for Linux: what `make` leaves under `name`; from the store where it was built from the same inputs before.
 *
 * @throws UserError when it does not compile
 */
export async function guestProgram(
	name: string,
	folder: string,
	inputs: ProgramInputs,
	{ store, signal, progress }: BuildContext,
): Promise<Uint8Array> {
	const root = join(packageRoot(), folder);
	const key = sha256(canonicalJson({ kind: "guest-program", name, ...inputs }));
	const { path } = await builtOnce(key, { store, signal, progress }, async () => {
		progress(`compiling ${name}`);
		const scratch = await mkdtemp(join(tmpdir(), "persona-program-"));
		try {
			const sources = join(scratch, "sources");
			await cp(root, sources, { recursive: true });
			if ((await sourcesDigest(sources)) !== inputs.sources) {
				throw new UserError(`the sources of ${name} changed while it was built`, {
					where: root,
					remedy: "run the same command again",
				});
			}
			const env = toolEnvironment({ HOME: scratch, LC_ALL: "C.UTF-8", TZ: "UTC", SOURCE_DATE_EPOCH: "0" });
			const architecture = inputs.architecture ?? "arm64";
			const variables = [`ARCH=${FOLDERS[architecture]}`, `CROSS=${COMPILER_PREFIX[architecture]}`, `BUILD=${scratch}/build`];
			await run("make", ["-C", sources, ...variables], { env, signal, killAfterMs: 400 });
			return await store.put(await readFile(join(scratch, "build", name)), signal);
		} catch (error) {
			if (!(error instanceof ProcessError)) throw error;
			const tail = error.stderr.trim().split("\n").slice(-8).join("\n");
			throw new UserError(`${name} does not compile:\n${tail}`, { where: root, cause: error });
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
	return readFile(path);
}

/** Of what a program is made from: not of what its tests on the build machine need (host/). */
async function sourcesDigest(root: string): Promise<string> {
	const names = (await readdir(root, { recursive: true }))
		.map((name) => name.replaceAll("\\", "/"))
		.filter((name) => /(^|\/)(Makefile|[^/]*\.[ch])$/.test(name) && !/^(build|host)\//.test(name))
		.sort();
	const lines: string[] = [];
	for (const name of names) lines.push(`${name} ${sha256(await readFile(join(root, name)))}`);
	return sha256(lines.join("\n"));
}
