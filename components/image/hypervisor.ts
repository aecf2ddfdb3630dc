// SPDX-License-Identifier: Apache-2.0
// Builds Veil from hypervisor/ with Debian's cross compiler, or by Buildroot. Its key is that of its sources and compiler.
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Board } from "../manifest/index.ts";
import { publicKeyOf } from "../signing/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { jobCount } from "../util/jobs.ts";
import { packageRoot } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";
import { toolEnvironment } from "../util/tool-env.ts";
import { builtWithLog } from "./build-log.ts";
import { compilerVersion } from "./compiler.ts";
import type { LockFile } from "./lock.ts";
import { builtFrom, rememberBuilt, rememberInputs } from "./records.ts";
import type { Blob, Store } from "./store.ts";
import type { Artifact, BuildContext, HypervisorInputs } from "./types.ts";

const RECIPE = 1;
/** Few Veils are built by Buildroot, and its parts are more than all else that is loaded here. */
const loadBuildroot = () => import("./buildroot/veil.ts");

/** Reads everything Veil is built from. `buildroot`: the lock whose Buildroot compiles it. @throws UserError when the cross compiler is missing */
export async function hypervisorInputs(
	board: Board,
	root = join(packageRoot(), "hypervisor"),
	buildroot?: LockFile,
): Promise<HypervisorInputs> {
	return {
		board: board.name,
		sources: await sourcesDigest(root),
		...(buildroot === undefined
			? { compiler: await compilerVersion(board.architecture) }
			: { buildroot: await (await loadBuildroot()).veilInputs(board, buildroot) }),
		recipe: RECIPE,
	};
}

/** The same for a Veil that accepts the images of these public keys alone (64 hexadecimal digits each), none of them to be wrong. */
export function trusting(inputs: HypervisorInputs, trustedKeys: readonly string[]): HypervisorInputs {
	return trustedKeys.length === 0 ? inputs : { ...inputs, trustedKeys: [...trustedKeys].sort() };
}

/** The key of a build of Veil. */
export function hypervisorKey(inputs: HypervisorInputs): string {
	return sha256(canonicalJson({ kind: "hypervisor", ...inputs }));
}

/**
 * Builds Veil, or takes it from the store when it was built from the same inputs before.
 *
 * @throws UserError when it does not compile
 */
export async function buildHypervisor(
	inputs: HypervisorInputs,
	context: BuildContext,
	root = join(packageRoot(), "hypervisor"),
): Promise<Artifact> {
	const key = hypervisorKey(inputs);
	const { store, signal } = context;
	await rememberInputs(store, key, inputs);
	const found = await findHypervisor(key, store, signal);
	if (found !== undefined) return found;
	return builtWithLog(`veil-${inputs.board}`, key, context, async (progress) => {
		const meanwhile = await findHypervisor(key, store, signal);
		if (meanwhile !== undefined) return meanwhile;
		progress("compiling Veil");
		// A copy, in a folder whose path has no spaces, which make cannot take; what is compiled is then what was digested.
		const scratch = await mkdtemp(join(tmpdir(), "persona-veil-"));
		try {
			const sources = join(scratch, "sources");
			await cp(root, sources, { recursive: true, filter: (path) => !ignored(relative(root, path)) });
			if ((await sourcesDigest(sources)) !== inputs.sources) {
				throw new UserError("Veil's sources changed while it was built", { where: root, remedy: "run the same command again" });
			}
			const blob = await (inputs.buildroot === undefined
				? compile(inputs, sources, scratch, context)
				: (await loadBuildroot()).veilByBuildroot(
						inputs.buildroot,
						{ board: inputs.board, sources, digest: inputs.sources, options: keyOptions(inputs) },
						{ ...context, progress },
					));
			await rememberBuilt(store, key, "hypervisor", blob.digest);
			return { key, ...blob };
		} catch (error) {
			if (!(error instanceof ProcessError)) throw error;
			throw new UserError(`Veil does not compile:\n${error.stderr.trim().split("\n").slice(-8).join("\n")}`, {
				where: root,
				cause: error,
			});
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
}

async function compile(inputs: HypervisorInputs, sources: string, scratch: string, { store, signal }: BuildContext): Promise<Blob> {
	// Only what the build needs of the environment: nothing of it may show in the bytes.
	const env = toolEnvironment({ HOME: scratch, LC_ALL: "C.UTF-8", TZ: "UTC", SOURCE_DATE_EPOCH: "0" });
	const args = [`-j${jobCount()}`, "-C", sources, `BOARD=${inputs.board}`, `BUILD=${scratch}/build`, ...keyOptions(inputs)];
	await run("make", args, { env, signal, killAfterMs: 400 });
	return store.put(await readFile(join(scratch, "build", "veil.bin")), signal);
}

/** Each key with the x coordinate of its point, as the makefile takes them. */
function keyOptions({ trustedKeys = [] }: HypervisorInputs): string[] {
	const keys = trustedKeys.map((hex) => {
		const key = publicKeyOf(hex);
		if (typeof key === "string") throw new UserError(`the public key ${hex} ${key}`);
		return key.hex + key.x;
	});
	return keys.length === 0 ? [] : [`KEYS=${keys.join(",")}`];
}

/** Veil in the store, verified. */
export async function findHypervisor(key: string, store: Store, signal?: AbortSignal): Promise<Artifact | undefined> {
	const built = await builtFrom(store, key);
	if (built?.kind !== "hypervisor") return undefined;
	const blob = await store.get(built.digest, signal);
	return blob === undefined ? undefined : { key, ...blob };
}

/** Results of a build by hand, and what editors and git keep. */
function ignored(path: string): boolean {
	return /^build$|(^|\/)\.[^/]*$/.test(path);
}

/** What the binary is made from: the tests and their machine do not reach it, though the makefile may name them. */
function counts(path: string): boolean {
	if (/(^|\/)Makefile$|\.(mk|ld)$/.test(path)) return true;
	return /\.(c|h|S|s)$/.test(path) && !/^(tests|arch\/host)\//.test(path);
}

async function sourcesDigest(root: string): Promise<string> {
	const listing: string[] = [];
	const visit = async (path: string): Promise<void> => {
		const entries = await readdir(join(root, path), { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const inner = path === "" ? entry.name : `${path}/${entry.name}`;
			if (ignored(inner)) continue;
			if (entry.isDirectory()) await visit(inner);
			else if (counts(inner)) listing.push(`${inner} ${sha256(await readFile(join(root, inner)))}`);
		}
	};
	await visit("");
	return sha256(listing.join("\n"));
}
