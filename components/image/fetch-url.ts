// SPDX-License-Identifier: Apache-2.0
// Downloads a file a user pinned by URL and SHA-256.
import { UserError } from "../util/errors.ts";
import type { Progress } from "../util/progress.ts";
import type { Blob, Store } from "./store.ts";

/** Downloads into the store. @throws UserError when it cannot be had, or is not what was pinned */
export async function fetchUrl(url: string, digest: string, store: Store, progress: Progress, signal?: AbortSignal): Promise<Blob> {
	progress(`fetching ${url}`);
	let response: Response;
	try {
		response = await fetch(url, signal === undefined ? {} : { signal });
	} catch (error) {
		signal?.throwIfAborted();
		throw new UserError(`${url} cannot be reached`, { remedy: "check the network, then run the same command again", cause: error });
	}
	if (!response.ok || response.body === null) {
		throw new UserError(`${url} answers ${response.status} ${response.statusText}`, { remedy: "correct the URL in the document" });
	}
	const blob = await store.put(response.body, signal);
	if (blob.digest !== digest) {
		throw new UserError(`${url} is not the pinned file: it has ${blob.digest}, the document says ${digest}`, {
			remedy: "find out why it changed before you change sha256 in the document",
		});
	}
	return blob;
}
