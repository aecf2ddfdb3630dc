// SPDX-License-Identifier: Apache-2.0
// `persona explain [IMAGE]`: who owns what in a device image.
import { existsSync } from "node:fs";
import { openStore, readDeviceImage, renderExplained } from "../../image/index.ts";
import { UserError } from "../../util/errors.ts";
import { chooseHandset } from "../choose.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { trustedKeys } from "../public-keys.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

/** Explains a file, a digest in the store, or what a handset runs. */
export async function explain(
	terminal: Terminal,
	image: string | undefined,
	options: { readonly handset?: string | undefined; readonly json: boolean; readonly keys: readonly string[] },
): Promise<ExitCode> {
	const explained = await readDeviceImage(await imagePath(image, options.handset), await trustedKeys(options.keys));
	if (options.json) printJson(terminal, explained);
	else print(terminal, renderExplained(explained));
	return explained.problems.length === 0 ? EXIT.ok : EXIT.found;
}

async function imagePath(image: string | undefined, handsetName: string | undefined): Promise<string> {
	if (image !== undefined && (existsSync(image) || !/^(sha256:)?[0-9a-f]{64}$/.test(image))) return image;
	const handset = image === undefined ? await chooseHandset(handsetName) : undefined;
	const digest = image === undefined ? handset?.imageDigest : image.startsWith("sha256:") ? image : `sha256:${image}`;
	if (digest === undefined) throw new UserError(`handset ${handset?.id} has not run an image yet`);
	const blob = await (await openStore()).get(digest);
	if (blob !== undefined) return blob.path;
	throw new UserError(`the image ${digest} is not in this machine's store`, { remedy: "`pulumi up` composes it again" });
}
