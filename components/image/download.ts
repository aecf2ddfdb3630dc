// SPDX-License-Identifier: Apache-2.0
// Downloads one file from one place into the store, where it appears only when it is what was wanted. A connection that breaks is made anew, and
// the server asked for the rest, by the next command where this one ends before; whether what came together is one file, its digest tells.
import { createReadStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bytes } from "../util/bytes.ts";
import { errorCode } from "../util/errors.ts";
import { networkTimeout } from "../util/network.ts";
import { type Progress, silent } from "../util/progress.ts";
import { withoutCredentials } from "../util/url.ts";
import { OnlyWhole, type OpenFile, openHttp, type Rest } from "./http-file.ts";
import { type FaultKind, SourceFault } from "./source-fault.ts";
import { type Blob, type Store, WrongDigest } from "./store.ts";

/** A file that is wanted. */
export interface Wanted {
	/** `sha256:<hex>` */
	digest: string;
	/** Bytes; missing where nobody knows. */
	size?: number | undefined;
}

/** How often a file is fetched from its beginning again. */
const RESTARTS = 2;
/** Connections in a row that bring next to nothing. */
const TRIES = 5;
const NEXT_TO_NOTHING = 1 << 16;
/** What may be over when it is tried again. */
const PASSING: ReadonlySet<FaultKind> = new Set(["cut", "stalled", "unreachable", "refused"]);

/** How far a download has come. */
interface State {
	/** Bytes. */
	received: number;
	/** So many of them an earlier download left. */
	left: number;
	/** Why it broke off, where it did. */
	broken?: SourceFault;
}

/**
 * Downloads over http, https or from a local file.
 *
 * @throws SourceFault when the place does not give the file; UserError when the store cannot hold it
 */
export async function download(
	address: string,
	wanted: Wanted,
	store: Store,
	signal?: AbortSignal,
	progress: Progress = silent,
): Promise<Blob> {
	const url = new URL(address);
	// What breaks off at the end of the command, or because of the network, may go on.
	const isOfUse = (error: unknown) => signal?.aborted === true || (error instanceof SourceFault && error.kind !== "wrong");
	for (let restarts = 0; ; restarts++) {
		const state: State = { received: 0, left: 0 };
		try {
			const coming = pieces(url, wanted, state, progress, signal);
			if (isFile(url)) return await store.put(coming, signal, wanted.digest);
			const all = restarts === 0 ? goingOn(url, wanted, store, state, progress, coming) : coming;
			return await store.receive(wanted.digest, all, isOfUse, signal);
		} catch (error) {
			if (!(error instanceof WrongDigest || error instanceof OnlyWhole)) throw error;
			const fault = error instanceof WrongDigest ? new SourceFault("wrong", `has another file: ${error.found}`, error) : error;
			// Of parts a wrong file may come together from two right ones.
			if ((state.broken === undefined && state.left === 0) || restarts === RESTARTS)
				throw error instanceof OnlyWhole ? (state.broken ?? fault) : fault;
			await store.forgetBeginnings(wanted.digest);
			progress(`${withoutCredentials(address)} is fetched from its beginning again`);
		}
	}
}

const isFile = (url: URL): boolean => url.protocol === "file:";

/** What came of a file before, and then the rest. */
async function* goingOn(
	url: URL,
	wanted: Wanted,
	store: Store,
	state: State,
	progress: Progress,
	rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	for await (const piece of store.beginningOf(wanted.digest)) {
		state.received += piece.length;
		yield piece;
	}
	state.left = state.received;
	if (state.left > 0) progress(`${withoutCredentials(url.href)} is asked for the rest${soFar(state.left, wanted)}`);
	if (state.left !== wanted.size) yield* rest;
}

/** The bytes of a file, or the rest of them, from as many connections as it takes. The store's own faults pass as they are; those of the place are told as such. */
async function* pieces(
	url: URL,
	wanted: Wanted,
	state: State,
	progress: Progress,
	signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
	const seconds = networkTimeout();
	let tag: string | undefined;
	for (let idle = 0; ; ) {
		const from = state.received;
		const watch = new AbortController();
		const timer = setTimeout(() => watch.abort(), seconds * 1000);
		let begun = false;
		try {
			const answer = await open(url, { from, tag }, AbortSignal.any([watch.signal, ...(signal === undefined ? [] : [signal])]));
			({ tag } = answer);
			begun = true;
			for await (const piece of answer.bytes) {
				timer.refresh();
				state.received += piece.length;
				if (wanted.size !== undefined && state.received > wanted.size)
					throw new SourceFault("wrong", `sends more than the ${bytes(wanted.size)} it should`);
				yield piece;
			}
			if (wanted.size === undefined || state.received === wanted.size) return;
			throw new SourceFault("cut", `the connection was cut${soFar(state.received, wanted)}`);
		} catch (error) {
			if (signal?.aborted) throw signal.reason;
			if (error instanceof OnlyWhole) throw error;
			const fault = faultOf(error, { begun, stalled: watch.signal.aborted, seconds, received: state.received, wanted });
			if (from === state.received) state.broken ??= fault;
			else state.broken = fault;
			idle = state.received - from < NEXT_TO_NOTHING ? idle + 1 : 0;
			if (!PASSING.has(fault.kind)) throw fault;
			if (state.received === state.left || isFile(url) || idle === TRIES) throw state.broken;
			progress(`${withoutCredentials(url.href)} ${fault.message}; asking for the rest`);
		} finally {
			clearTimeout(timer);
		}
		// A hundredth of the time that a server may say nothing, and then twice as long each time.
		await delay(seconds * 10 * 2 ** idle, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
			throw signal?.aborted ? signal.reason : error;
		});
	}
}

async function open(url: URL, rest: Rest, signal: AbortSignal): Promise<OpenFile> {
	if (!isFile(url)) return openHttp(url, rest, signal);
	return { bytes: createReadStream(fileURLToPath(url), { signal, highWaterMark: 1 << 20 }) };
}

interface Circumstances {
	readonly begun: boolean;
	readonly stalled: boolean;
	readonly seconds: number;
	readonly received: number;
	readonly wanted: Wanted;
}

function faultOf(error: unknown, { begun, stalled, seconds, received, wanted }: Circumstances): SourceFault {
	if (error instanceof SourceFault) return error;
	if (stalled) return new SourceFault("stalled", `sent nothing for ${seconds} s${soFar(received, wanted)}`, error);
	if (errorCode(error) === "ENOENT") return new SourceFault("gone", "is not there", error);
	if (begun) return new SourceFault("cut", `the connection was cut${soFar(received, wanted)}`, error);
	return new SourceFault("unreachable", `cannot be reached: ${reasonOf(error)}`, error);
}

function soFar(received: number, { size }: Wanted): string {
	if (received === 0) return "";
	return ` after ${bytes(received)}${size === undefined ? "" : ` of ${bytes(size)}`}`;
}

/** What Node calls a certificate of somebody it does not know. */
const UNKNOWN_AUTHORITY = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)\w*)$/;

function reasonOf(error: unknown): string {
	const code = String(errorCode(error) ?? "");
	if (UNKNOWN_AUTHORITY.test(code))
		return `its certificate is of an authority that is not known here (${code}); NODE_EXTRA_CA_CERTS names a file with more`;
	if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
	return error instanceof Error && error.message !== "" ? error.message : code || String(error);
}
