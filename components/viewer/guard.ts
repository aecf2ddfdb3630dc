// SPDX-License-Identifier: Apache-2.0
// Who may talk to the viewer: whoever knows its token, from a page of its own, under a name of this machine's loopback.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What a request shows of itself before anything is done for it. */
export interface Caller {
	readonly method: string | undefined;
	/** Path and query as they came. */
	readonly url: string | undefined;
	readonly headers: IncomingHttpHeaders;
	/** It asks for a WebSocket. */
	readonly upgrade: boolean;
}

/** A request that is let in, by its path behind the token; or the status and words it is refused with. */
export type Verdict =
	| { readonly path: string }
	| { readonly status: 301 | 400 | 403 | 404 | 405; readonly why: string; readonly location?: string };

// Names that can only mean this machine: a page elsewhere that has its own name point here (DNS rebinding) has another. The port is not
// compared, because behind SSH's port forwarding the browser knows another one.
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

/** 256 bits that nobody guesses. */
export function newToken(): string {
	return randomBytes(32).toString("base64url");
}

/**
 * Judges a request. The order matters: who comes under a wrong name or from a foreign page learns nothing about the token.
 */
export function judge({ method, url = "", headers, upgrade }: Caller, token: string): Verdict {
	const { host = "", origin } = headers;
	if (!LOOPBACK.test(host)) return { status: 403, why: "this is served to this machine alone, by its loopback names" };
	// Browsers send it with every WebSocket and cannot be made to lie about it; pages of other local servers differ by the port.
	if ((upgrade || origin !== undefined) && origin !== `http://${host}`) return { status: 403, why: "asked for by a foreign page" };
	const site = headers["sec-fetch-site"];
	const mode = headers["sec-fetch-mode"];
	// A link may lead here from anywhere (who has the token may open it); scripts, pictures and frames elsewhere may not use what is here.
	if (site !== undefined && site !== "same-origin" && site !== "none" && mode !== "navigate") {
		return { status: 403, why: "asked for by a foreign page" };
	}
	if (method !== "GET" && method !== "HEAD") return { status: 405, why: "there is nothing here but reading" };
	const [, given = "", path] = /^\/([^/?#]*)(?:\/([^?#]*))?$/.exec(url.replace(/[?#].*$/, "")) ?? [];
	if (!sameToken(given, token)) return { status: 404, why: "nothing here: use the address that `persona view` has printed" };
	if (path === undefined) return { status: 301, why: "a / is missing", location: `/${token}/` };
	try {
		return { path: decodeURIComponent(path) };
	} catch {
		return { status: 400, why: "no such path can be" };
	}
}

/** Takes the same time whatever is given. */
function sameToken(given: string, token: string): boolean {
	const digest = (text: string) => createHash("sha256").update(text).digest();
	return timingSafeEqual(digest(given), digest(token));
}
