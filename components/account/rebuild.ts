// SPDX-License-Identifier: Apache-2.0
// Builds a phone a second time where nothing is as it was the first time, and compares every artifact.
import { cp, link, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildContext, blobPath, lockPath, openStore, signaturesOf } from "../image/index.ts";
import type { ResolvedPhone } from "../manifest/index.ts";
import { UserError } from "../util/errors.ts";
import { ProcessError, run } from "../util/process.ts";
import { buildArtifacts, type NamedArtifact } from "./artifacts.ts";
import { type Conditions, environmentOf, otherConditions } from "./conditions.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { keep } from "./keep.ts";
import { relocate } from "./relocate.ts";

/** How one artifact came out twice. */
export interface Compared {
	readonly name: string;
	/** `sha256:<hex>`; null: it was made only the other time. */
	readonly first: string | null;
	readonly second: string | null;
	/** Missing where both are the same. */
	readonly difference?: Difference;
}

/** What building again has shown. */
export interface RebuildReport {
	readonly same: boolean;
	readonly conditions: Conditions;
	readonly artifacts: readonly Compared[];
	/** Why what differs could not be copied, in words. */
	readonly notKept?: string;
}

/** Whether an image is what came out, both times: documents may give the same again and again, and never that one. */
export function givesImage({ artifacts }: RebuildReport, digest: string): boolean {
	return artifacts.some(({ name, first, second }) => name === "device image" && first === digest && second === digest);
}

export interface RebuildOptions {
	/** Path of the image that should come out: where the private key is not at hand, its signatures do. */
	readonly image?: string | undefined;
	/** Folder that what differs is copied to, both ways. */
	readonly keep?: string | undefined;
}

/**
 * Builds a phone, or takes it from the store, and builds it again elsewhere.
 *
 * @throws UserError when it cannot be built
 */
export async function rebuild(phone: ResolvedPhone, context: BuildContext, options: RebuildOptions = {}): Promise<RebuildReport> {
	const { store, signal } = context;
	const first = await buildArtifacts(phone, { ...context, ...(await signing(phone, context, options)) });
	const conditions = await otherConditions();
	const scratch = await store.scratch();
	try {
		const signed = first.find(({ name }) => name === "device image")?.path ?? options.image;
		const second = await buildElsewhere(phone, context, conditions, scratch, phone.signing === undefined ? undefined : signed);
		context.progress("comparing every artifact");
		const artifacts = [...(await compareArtifacts(first, second, signal)), ...notComposed(first, second)];
		const different = artifacts.flatMap(({ name, difference }) => (difference === undefined ? [] : [name]));
		const notKept = options.keep === undefined ? undefined : await keep(different, { first, second }, options.keep);
		return { same: different.length === 0, conditions, artifacts, ...(notKept === undefined ? {} : { notKept }) };
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** Where the private key is not at hand, the signatures of the image that should come out are. */
async function signing(
	{ signing: wanted }: ResolvedPhone,
	{ sign }: BuildContext,
	{ image }: RebuildOptions,
): Promise<Pick<BuildContext, "sign">> {
	return wanted === undefined || image === undefined ? {} : { sign: await signaturesOf(image, sign) };
}

async function buildElsewhere(
	phone: ResolvedPhone,
	{ store, signal, progress, projectDir, lock }: BuildContext,
	conditions: Conditions,
	scratch: string,
	signed: string | undefined,
): Promise<NamedArtifact[]> {
	const folder = join(scratch, "built", "again");
	const storeDir = join(folder, "store");
	const copied = await relocate(phone, projectDir, lockPath(projectDir), join(folder, "project"));
	await openStore(storeDir);
	// Downloads are what their digests say wherever they come from; everything else is built anew.
	const pinned = phone.personas.flatMap(({ document: { guest } }) =>
		[guest.kernel, guest.firmware, guest.initramfs, guest.deviceTree].flatMap((file) =>
			file?.url === undefined ? [] : [file.sha256],
		),
	);
	for (const digest of [...lock.debian.packages.map(({ sha256 }) => sha256), ...pinned]) {
		if (digest === undefined || (await store.get(`sha256:${digest}`, signal)) === undefined) continue;
		const target = blobPath(storeDir, `sha256:${digest}`);
		await mkdir(dirname(target), { recursive: true });
		await share(blobPath(store.dir, `sha256:${digest}`), target);
	}
	const worker = fileURLToPath(new URL(`./rebuild-main${extname(import.meta.url)}`, import.meta.url));
	const { PERSONA_LOCK: _, PERSONA_PROJECT: __, ...variables } = process.env;
	// Not in the store, whose path may have blanks, which make(1) cannot take.
	const temporary = await mkdtemp(join(tmpdir(), "persona-again-"));
	try {
		const { stdout } = await run(
			process.execPath,
			[worker, copied, storeDir, conditions.umask, ...(signed === undefined ? [] : [signed])],
			{
				cwd: folder,
				env: { ...environmentOf(conditions, variables), TMPDIR: temporary },
				signal,
				onLine: (line, stream) => stream === "stderr" && progress(`again: ${line}`),
			},
		);
		return JSON.parse(stdout) as NamedArtifact[];
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		// With the remedy that the second build has named.
		throw new UserError(`the phone could be built once, but not a second time:\n${error.stderr.trim()}`, { cause: error });
	} finally {
		await rm(temporary, { recursive: true, force: true });
	}
}

/** The same file under another name, in the same file system: it takes no room and is changed by nobody. */
async function share(path: string, target: string): Promise<void> {
	try {
		await link(path, target);
	} catch {
		// Some file systems know no such thing.
		await cp(path, target);
	}
}

/** A device image that came out neither time, since it is not the one that was signed, is no match. */
export function notComposed(...builds: readonly (readonly NamedArtifact[])[]): Compared[] {
	if (builds.some((artifacts) => artifacts.some(({ name }) => name === "device image"))) return [];
	const explanation = ["what the documents give is not the image that was signed, and the private key is not here to sign it"];
	return [{ name: "device image", first: null, second: null, difference: { offset: null, explanation } }];
}

/** Compares artifacts by their digests; where two differ it is said how. */
export async function compareArtifacts(
	first: readonly NamedArtifact[],
	second: readonly NamedArtifact[],
	signal?: AbortSignal,
): Promise<Compared[]> {
	const names = [...new Set([...first, ...second].map(({ name }) => name))];
	const compared: Compared[] = [];
	for (const name of names) {
		const one = first.find((artifact) => artifact.name === name);
		const other = second.find((artifact) => artifact.name === name);
		const digests = { name, first: one?.digest ?? null, second: other?.digest ?? null };
		if (one?.digest === other?.digest) compared.push(digests);
		else compared.push({ ...digests, difference: await differenceOf(one, other, first, signal) });
	}
	return compared;
}
