// SPDX-License-Identifier: Apache-2.0
// Fetches a file in a process of its own, since Node reads NODE_EXTRA_CA_CERTS when it starts: URL DIGEST STORE. Prints the file's path.
import { fetchUrl } from "../../components/image/fetch-file.ts";
import { openStore } from "../../components/image/store.ts";
import { renderError } from "../../components/util/errors.ts";
import { silent } from "../../components/util/progress.ts";

const [url = "", digest = "", folder = ""] = process.argv.slice(2);
try {
	const { path } = await fetchUrl(url, digest, { store: await openStore(folder), progress: silent });
	process.stdout.write(path);
} catch (error) {
	process.stderr.write(renderError(error));
	process.exitCode = 1;
}
