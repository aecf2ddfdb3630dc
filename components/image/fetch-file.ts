// SPDX-License-Identifier: Apache-2.0
// Gets a pinned file: from the store, else from the first of its places that has it; and says of each place why it has not.
import { bytes } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { isOffline } from "../util/network.ts";
import type { Progress } from "../util/progress.ts";
import { withoutCredentials } from "../util/url.ts";
import { type Apt, openApt } from "./apt.ts";
import { download, type Wanted } from "./download.ts";
import { type LockEntry, type Mirrors, referenceOf } from "./lock.ts";
import { SourceFault } from "./source-fault.ts";
import { fileSources, isLocal, packageSources, type Source } from "./sources.ts";
import type { Blob, Store } from "./store.ts";

/** What fetching takes. */
export interface FetchContext {
	store: Store;
	mirrors?: Mirrors | undefined;
	signal?: AbortSignal | undefined;
	progress: Progress;
}

/** A file that no place gave. */
export class FetchError extends UserError {
	/** None of its places has it any more. */
	readonly isGone: boolean;

	constructor(what: string, faults: readonly { url: string; fault: SourceFault }[], remedies: Remedies) {
		const [first] = faults;
		const lines = faults.map(({ url, fault }) => `${url} ${fault.message}`);
		const reasons = faults.length === 1 ? `: ${lines[0]}` : ` from any of ${faults.length} places\n  ${lines.join("\n  ")}`;
		const isGone = faults.every(({ fault }) => fault.kind === "gone");
		const isWrong = faults.some(({ fault }) => fault.kind === "wrong");
		super(`${what} could not be fetched${reasons}`, {
			remedy: isWrong ? remedies.wrong : isGone ? remedies.gone : NETWORK,
			cause: first?.fault,
		});
		this.name = "UserError";
		this.isGone = isGone;
	}
}

interface Remedies {
	readonly gone: string;
	readonly wrong: string;
}

const NETWORK = "check the network and its proxy, then run the same command again; docs/guide/offline.md tells how mirrors help";
const PACKAGE: Remedies = {
	gone: "run `persona lock --update` and commit persona.lock.yaml, or name a mirror that keeps old versions (docs/guide/offline.md)",
	wrong:
		"find out why it differs from persona.lock.yaml before you run `persona lock --update`; another mirror may have the right one",
};
const pinnedIn = (where: string): Remedies => ({
	gone: `correct the URL in ${where}, or name a mirror that has the file (docs/guide/offline.md)`,
	wrong: `find out why it changed before you change sha256 in ${where}`,
});

/** What gets packages of the lock: apt is opened only when something has to be fetched, as builds from a full store need none. */
export function packageFetcher(context: FetchContext): (entry: LockEntry) => Promise<Blob> {
	let apt: Promise<Apt> | undefined;
	return (entry) => {
		const wanted = { digest: `sha256:${entry.sha256}`, size: entry.size };
		return obtain(`${entry.name} ${entry.version}`, referenceOf(entry), wanted, PACKAGE, context, () => ({
			sources: packageSources(entry, context.mirrors),
			ask: async (source) => {
				if (source.byApt === undefined) return download(source.url, wanted, context.store, context.signal, context.progress);
				apt ??= openApt();
				return (await apt).download(source.url, wanted, context.store, context.signal);
			},
		}));
	};
}

/** Gets a file that is pinned by URL and SHA-256. @throws FetchError when it cannot be had, or is not what was pinned */
export function fetchUrl(url: string, digest: string, context: FetchContext, where = "the document"): Promise<Blob> {
	const shown = withoutCredentials(url);
	return obtain(shown, shown, { digest }, pinnedIn(where), context, () => ({
		sources: [...fileSources(digest, context.mirrors), { url }],
		ask: (source) => download(source.url, { digest }, context.store, context.signal, context.progress),
	}));
}

interface Places {
	sources: readonly Source[];
	ask(source: Source): Promise<Blob>;
}

async function obtain(
	shown: string,
	what: string,
	wanted: Wanted,
	remedies: Remedies,
	{ store, signal, progress }: FetchContext,
	places: () => Places,
): Promise<Blob> {
	const stored = await store.get(wanted.digest, signal);
	if (stored !== undefined) return stored;
	const { sources, ask } = places();
	const open = isOffline() ? sources.filter(isLocal) : sources;
	const faults: { url: string; fault: SourceFault }[] = [];
	const size = wanted.size === undefined ? "" : ` (${bytes(wanted.size)})`;
	for (const source of open) {
		const url = withoutCredentials(source.url);
		progress(`fetching ${shown}${size}${faults.length === 0 ? "" : ` from ${url}`}`);
		try {
			return await ask(source);
		} catch (error) {
			if (!(error instanceof SourceFault)) throw error;
			progress(`${url} ${error.message}`);
			faults.push({ url, fault: error });
		}
	}
	if (open.length < sources.length) throw notOffline([{ what, size: wanted.size }]);
	throw new FetchError(what, faults, remedies);
}

/** A file that is not on this machine. */
export interface MissingFile {
	what: string;
	/** Bytes; undefined where nobody knows. */
	size: number | undefined;
}

/** What files have together, as far as that is known. */
export function totalSize(files: readonly { size: number | undefined }[]): string {
	const known = bytes(files.reduce((sum, { size = 0 }) => sum + size, 0));
	if (files.every(({ size }) => size !== undefined)) return known;
	return files.every(({ size }) => size === undefined) ? "of unknown size" : `${known} and more`;
}

/** All that is missing, at once, where nothing may be fetched. */
export function notOffline(missing: readonly MissingFile[]): UserError {
	const lines = missing.map(({ what, size }) => `  ${what}${size === undefined ? "" : ` (${bytes(size)})`}`);
	const files = missing.length === 1 ? "a file is" : `${missing.length} files are`;
	return new UserError(
		`${files} not on this machine (${totalSize(missing)}), and nothing may be fetched offline:\n${lines.join("\n")}`,
		{
			remedy:
				"run `persona fetch` while there is a network, or name a folder that has them: PERSONA_MIRROR=file:///… (docs/guide/offline.md)",
		},
	);
}
