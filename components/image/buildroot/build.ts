// SPDX-License-Identifier: Apache-2.0
// A run of Buildroot: in a folder of its own for its inputs, from a configuration that is looked over before anything is compiled, to images
// that are what the end of the run says they are.
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256, sha256File } from "../../util/digest.ts";
import { UserError } from "../../util/errors.ts";
import { jobCount } from "../../util/jobs.ts";
import { ProcessError, run } from "../../util/process.ts";
import { builtWithLog } from "../build-log.ts";
import { type Blob, entriesOf } from "../store.ts";
import type { BuildContext, BuildrootInputs } from "../types.ts";
import { accountOf, INFO_ARGUMENTS, readAccount, rememberAccount } from "./account.ts";
import { architectureOf } from "./config.ts";
import { type ExternalSpec, writeExternalTree } from "./external-tree.ts";
import { buildFolders } from "./folders.ts";
import { hostTools } from "./host-tools.ts";
import { checkOptions } from "./kernel-options.ts";
import { provideLinuxSources } from "./linux-sources.ts";
import { isCompiled, stepOf, stepText, stopOf } from "./report.ts";
import { siteLines } from "./sites.ts";
import { openBuildroot, release } from "./source.ts";
import { lostError, lostLines, symbolsOf } from "./symbols.ts";
import { relocatedToolchain } from "./toolchain.ts";

/** Another number means other bytes from the same inputs. */
export const RECIPE = 1;

/** Only what the machine's distribution has: a tool of the user's own would differ from machine to machine. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** How far it gives way to what else runs. */
const NICENESS = "10";
const KILL_AFTER_MS = 400;

/** What is asked of a run. */
export interface BuildrootRequest {
	inputs: BuildrootInputs;
	/** Name of the image that is wanted, as Buildroot calls it. */
	image: "Image" | "rootfs.tar" | "veil.bin" | "vmlinux";
	/** Where a document asks for a line of the configuration. */
	places: Readonly<Record<string, string>>;
	veil?: ExternalSpec["veil"];
	/** A kernel is built: its options, and the package of its sources. */
	linux?: { options: readonly string[]; package: () => Promise<Blob> };
}

/** The key of what a run makes: personas that ask for the same share it. `more`: of what it is made from, beside Buildroot. */
export function buildrootKey(inputs: BuildrootInputs, image: BuildrootRequest["image"], more?: readonly string[]): string {
	return sha256(canonicalJson({ kind: "buildroot", ...inputs, image, more }));
}

/**
 * An image that Buildroot makes, from the store where it was built from the same inputs before.
 *
 * @throws UserError when the configuration asks for what there is not, or a step fails
 */
export async function buildrootImage(request: BuildrootRequest, key: string, context: BuildContext): Promise<Blob> {
	const { inputs, image, places, veil, linux } = request;
	return builtWithLog(`buildroot-${image}`, key, context, async (told) => {
		const { store, signal } = context;
		const isAccounted = image === "rootfs.tar";
		const stored = await storedImage(key, isAccounted, context);
		if (stored !== undefined) return stored;
		const inner = { ...context, progress: told };
		const folders = buildFolders(key);
		const tree = await openBuildroot({ version: inputs.version, digest: inputs.source }, inner);
		const toolchain =
			inputs.toolchain.length === 0
				? []
				: (await relocatedToolchain(architectureOf(inputs.config), inputs.toolchain, folders.toolchains, inner)).config;
		await mkdir(folders.downloads, { recursive: true });
		const sources =
			linux === undefined ? undefined : await provideLinuxSources((await linux.package()).path, folders.downloads, signal);
		const external = {
			folder: join(folders.work, "external"),
			config: inputs.config,
			machine: [...toolchain, `BR2_DL_DIR="${folders.downloads}"`, `BR2_CCACHE_DIR="${folders.ccache}"`, ...siteLines()],
			tools: await hostTools(),
			...(veil === undefined ? {} : { veil }),
			...(linux === undefined || sources === undefined ? {} : { linux: { options: linux.options, sources } }),
		};
		const output = join(folders.work, "output");
		await mkdir(output, { recursive: true });
		// Images of a run that was cut short must not be taken for this one's, and packages put theirs there again.
		await rm(join(output, "images"), { recursive: true, force: true });
		for (const name of await entriesOf(join(output, "build"))) {
			const stamp = join(output, "build", name, ".stamp_images_installed");
			if (existsSync(stamp)) await rm(stamp);
		}
		await rm(external.folder, { recursive: true, force: true });
		await writeExternalTree(external);
		const { epoch } = await release(tree);
		const make: Make = {
			tree,
			output,
			external: external.folder,
			version: inputs.version,
			epoch,
			isKernel: linux !== undefined,
			context: inner,
		};
		told("configuring Buildroot");
		await runMake(make, [`BR2_DEFCONFIG=${join(external.folder, "configs/persona_defconfig")}`, "defconfig"]);
		const lost = lostLines([...external.machine, ...inputs.config], await readFile(join(output, ".config"), "utf8"));
		if (lost.length > 0) throw lostError(lost, places, await symbolsOf(tree), inputs.version);
		if (linux !== undefined) {
			await runMake(make, ["linux-configure"]);
			checkOptions(linux.options, await readFile(join(output, "build/linux-custom/.config"), "utf8"), places);
		}
		await runMake(make, [`-j${jobCount()}`, `BR2_JLEVEL=${jobCount()}`, "all"]);
		const path = await verifiedImage(join(output, "images"), image);
		const blob = await store.put(createReadStream(path), signal);
		if (isAccounted) {
			told("asking Buildroot what it has built");
			const { toolchain } = inputs;
			const ran = { tree, output, downloads: folders.downloads, toolchain, tools: external.tools };
			await rememberAccount(store, key, await readAccount(await runMake(make, INFO_ARGUMENTS), ran), signal);
		}
		await store.putKeyed(key, blob.digest);
		// All that Buildroot left is a gigabyte that no other build may use: what is built must follow from the inputs alone.
		await rm(folders.work, { recursive: true, force: true });
		return blob;
	});
}

async function storedImage(key: string, isAccounted: boolean, { store, signal }: BuildContext): Promise<Blob | undefined> {
	if (isAccounted && (await accountOf(store, key, signal)) === undefined) return undefined;
	const known = await store.getKeyed(key);
	return typeof known === "string" ? store.get(known, signal) : undefined;
}

/** An image after its digest was compared with what the end of the run wrote down. */
export async function verifiedImage(images: string, name: string): Promise<string> {
	const sums = await readFile(join(images, "SHA256SUMS"), "utf8").catch(() => "");
	const wanted = new RegExp(`^([0-9a-f]{64}) [ *]\\./${name.replaceAll(".", "\\.")}$`, "m").exec(sums)?.[1];
	if (wanted === undefined) throw new Error(`Buildroot ended well, but its list of images names no ${name}`);
	const path = join(images, name);
	const found = await sha256File(path);
	if (found !== `sha256:${wanted}`)
		throw new Error(`${path} is not what Buildroot made: it has ${found}, expected sha256:${wanted}`);
	return path;
}

interface Make {
	tree: string;
	output: string;
	external: string;
	version: string;
	epoch: string;
	/** It compiles a kernel, which is one step of many minutes. */
	isKernel: boolean;
	context: BuildContext;
}

/** Runs it, and gives what it said on its standard output. */
async function runMake(
	{ tree, output, external, version, epoch, isKernel, context }: Make,
	args: readonly string[],
): Promise<string> {
	const { signal, progress } = context;
	const env = {
		PATH,
		HOME: output,
		LC_ALL: "C",
		TZ: "UTC",
		TERM: "dumb",
		SOURCE_DATE_EPOCH: epoch,
		CCACHE_MAXSIZE: "2G",
		...proxies(process.env),
	};
	// A checkout would call itself by git's state, which is not part of its contents.
	const variables = [`O=${output}`, `BR2_EXTERNAL=${external}`, `BR2_VERSION_FULL=${version}`];
	const said: string[] = [];
	let compiled = 0;
	try {
		const { stdout } = await run("nice", ["-n", NICENESS, "make", "-C", tree, ...variables, ...args], {
			env,
			signal,
			killAfterMs: KILL_AFTER_MS,
			onLine: (line) => {
				said.push(line);
				const step = stepOf(line);
				if (step !== undefined) progress(stepText(step));
				else if (isKernel && isCompiled(line) && compiled++ % 50 === 0) progress(`linux: ${compiled - 1} files so far`);
			},
		});
		return stdout;
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		throw failure(error, said);
	}
}

/** What of the environment says how the network is reached. */
function proxies(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const names = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "SSL_CERT_FILE"];
	return Object.fromEntries(names.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
}

/** What a user is told of a failed run: `said` is all it said, in its order. */
export function failure(error: ProcessError, said: readonly string[]): UserError {
	const stop = stopOf(said);
	const tail = (stop?.tail ?? said.slice(-12)).join("\n");
	const where = stop?.package === undefined ? (stop?.step ?? "its makefiles") : `package ${stop.package}, step ${stop.step}`;
	const lacks = said.some((line) => /^You must install /.test(line));
	const remedy = lacks
		? "`persona doctor` says what Buildroot needs of this machine, and how to install it"
		: stop?.step === "downloaded"
			? "check the network, or name a mirror by PERSONA_BUILDROOT_MIRROR; then run the same command again"
			: "correct guest.packages or guest.config, or run the same command again to go on from there";
	return new UserError(`Buildroot stopped at ${where}:\n${tail}`, { remedy, cause: error });
}
