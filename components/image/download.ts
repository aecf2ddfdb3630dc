// SPDX-License-Identifier: Apache-2.0
// Downloads one file from one place into the store, where it appears only when it is what was wanted.
import { createReadStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { fileURLToPath } from "node:url";
import { bytes } from "../util/bytes.ts";
import { errorCode } from "../util/errors.ts";
import { agentFor, networkTimeout } from "../util/network.ts";
import { type Blob, type Store, WrongDigest } from "./store.ts";

/** Why a place did not give a file: it does not have it, has another, could not be asked, refused, stopped in the middle or said nothing more. */
export type FaultKind = "gone" | "wrong" | "unreachable" | "refused" | "cut" | "stalled";

/** A place that did not give a file. */
export class SourceFault extends Error {
	readonly kind: FaultKind;

	/** `message` is what a user reads behind the address. */
	constructor(kind: FaultKind, message: string, cause?: unknown) {
		super(message, cause === undefined ? {} : { cause });
		this.name = "SourceFault";
		this.kind = kind;
	}
}

/** A file that is wanted. */
export interface Wanted {
	/** `sha256:<hex>` */
	digest: string;
	/** Bytes; missing where nobody knows. */
	size?: number | undefined;
}

const REDIRECTS = 5;

/**
 * Downloads over http, https or from a local file.
 *
 * @throws SourceFault when the place does not give the file; UserError when the store cannot hold it
 */
export async function download(address: string, wanted: Wanted, store: Store, signal?: AbortSignal): Promise<Blob> {
	const seconds = networkTimeout();
	const watch = new AbortController();
	const timer = setTimeout(() => watch.abort(), seconds * 1000);
	const both = AbortSignal.any([watch.signal, ...(signal === undefined ? [] : [signal])]);
	let received = 0;
	let begun = false;
	const explained = (error: unknown): unknown => {
		if (signal?.aborted) return signal.reason;
		if (error instanceof SourceFault) return error;
		if (watch.signal.aborted) return new SourceFault("stalled", `sent nothing for ${seconds} s${soFar(received, wanted)}`, error);
		if (errorCode(error) === "ENOENT") return new SourceFault("gone", "is not there", error);
		if (begun) return new SourceFault("cut", `the connection was cut${soFar(received, wanted)}`, error);
		return new SourceFault("unreachable", `cannot be reached: ${reasonOf(error)}`, error);
	};
	// The store's own faults pass as they are; those of the place are told as such.
	async function* pieces(): AsyncGenerator<Uint8Array> {
		try {
			const answer = await open(new URL(address), both);
			begun = true;
			for await (const piece of answer) {
				timer.refresh();
				received += piece.length;
				if (wanted.size !== undefined && received > wanted.size) {
					throw new SourceFault("wrong", `sends more than the ${bytes(wanted.size)} it should`);
				}
				yield piece;
			}
		} catch (error) {
			throw explained(error);
		}
		if (wanted.size !== undefined && received < wanted.size) {
			throw new SourceFault("cut", `the connection was cut${soFar(received, wanted)}`);
		}
	}
	try {
		return await store.put(pieces(), signal, wanted.digest);
	} catch (error) {
		if (!(error instanceof WrongDigest)) throw error;
		throw new SourceFault("wrong", `has another file: ${error.found}`, error);
	} finally {
		clearTimeout(timer);
	}
}

async function open(url: URL, signal: AbortSignal, redirects = REDIRECTS): Promise<AsyncIterable<Uint8Array>> {
	if (url.protocol === "file:") return createReadStream(fileURLToPath(url), { signal, highWaterMark: 1 << 20 });
	if (url.protocol !== "http:" && url.protocol !== "https:") throw new SourceFault("refused", `${url.protocol} is not supported`);
	const get = url.protocol === "https:" ? https.get : http.get;
	const response = await new Promise<http.IncomingMessage>((settle, refuse) => {
		get(url, { agent: agentFor(url), signal, headers: { "user-agent": "pulumi-persona" } })
			.once("response", settle)
			.once("error", refuse);
	});
	const { statusCode: status = 0, statusMessage = "", headers } = response;
	if (status === 200) return response;
	response.destroy();
	if (status >= 300 && status < 400 && headers.location !== undefined) {
		const target = new URL(headers.location, url);
		if (redirects === 0) throw new SourceFault("refused", `redirects more than ${REDIRECTS} times`);
		if (target.protocol === "file:") throw new SourceFault("refused", "redirects to a file of this machine");
		return open(target, signal, redirects - 1);
	}
	const answer = `answers ${status} ${statusMessage}`.trimEnd();
	if (status === 404 || status === 410) throw new SourceFault("gone", `no longer has it (${answer})`);
	throw new SourceFault("refused", answer);
}

function soFar(received: number, { size }: Wanted): string {
	if (received === 0) return "";
	return ` after ${bytes(received)}${size === undefined ? "" : ` of ${bytes(size)}`}`;
}

function reasonOf(error: unknown): string {
	if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
	return error instanceof Error && error.message !== "" ? error.message : String(errorCode(error) ?? error);
}
