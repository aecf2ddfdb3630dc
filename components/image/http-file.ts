// SPDX-License-Identifier: Apache-2.0
// One request for a file, or for the rest of one, and what its answer means.
import type http from "node:http";
import { agentFor, clientFor } from "../util/network.ts";
import { SourceFault } from "./source-fault.ts";

/** The part of a file that is wanted. */
export interface Rest {
	/** Bytes that are there already. */
	readonly from: number;
	/** The file they are of, as the server called it. */
	readonly tag?: string | undefined;
}

/** An answer that has begun. */
export interface OpenFile {
	readonly bytes: AsyncIterable<Uint8Array>;
	/** What the server calls this very file: its strong ETag. */
	readonly tag?: string | undefined;
}

/** The server does not give the rest of a file, or has another one now: it has to be asked for the whole. */
export class OnlyWhole extends Error {}

const REDIRECTS = 5;

/** Asks for a file over http or https, from a byte on. @throws SourceFault where the answer is no such file; OnlyWhole where it is not the rest of it */
export async function openHttp(url: URL, rest: Rest, signal: AbortSignal, redirects = REDIRECTS): Promise<OpenFile> {
	if (url.protocol !== "http:" && url.protocol !== "https:") throw new SourceFault("refused", `${url.protocol} is not supported`);
	const { get } = clientFor(url);
	const response = await new Promise<http.IncomingMessage>((settle, refuse) => {
		get(url, { agent: agentFor(url), signal, headers: headersFor(rest) })
			.once("response", settle)
			.once("error", refuse);
	});
	const { statusCode: status = 0, statusMessage = "", headers } = response;
	if (status === 200 && rest.from === 0) return { bytes: response, tag: strongTag(headers.etag) };
	if (status === 206 && startOf(headers["content-range"]) === rest.from) return { bytes: response, tag: rest.tag };
	response.destroy();
	if (rest.from > 0 && (status === 200 || status === 206 || status === 416)) throw new OnlyWhole();
	if (status >= 300 && status < 400 && headers.location !== undefined) {
		const target = new URL(headers.location, url);
		if (redirects === 0) throw new SourceFault("refused", `redirects more than ${REDIRECTS} times`);
		if (target.protocol === "file:") throw new SourceFault("refused", "redirects to a file of this machine");
		return openHttp(target, rest, signal, redirects - 1);
	}
	const answer = `answers ${status} ${statusMessage}`.trimEnd();
	if (status === 404 || status === 410) throw new SourceFault("gone", `no longer has it (${answer})`);
	throw new SourceFault("refused", answer);
}

function headersFor({ from, tag }: Rest): http.OutgoingHttpHeaders {
	return {
		"user-agent": "pulumi-persona",
		...(from === 0 ? {} : { range: `bytes=${from}-` }),
		// With another file it sends the whole of that one.
		...(from === 0 || tag === undefined ? {} : { "if-range": tag }),
	};
}

/** A weak one may be that of another file, whose bytes differ. */
function strongTag(tag: string | undefined): string | undefined {
	return tag?.startsWith('"') ? tag : undefined;
}

/** The first byte of a part, of which nothing is missing at the end. */
function startOf(range: string | undefined): number | undefined {
	const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range ?? "") ?? [];
	return from !== undefined && (size === "*" || Number(to) + 1 === Number(size)) ? Number(from) : undefined;
}
