// SPDX-License-Identifier: Apache-2.0
// A compiler that lies on this machine and that a document names (BR2_TOOLCHAIN_EXTERNAL_PATH): it is looked at before Buildroot is asked, and what is
// in its folder is part of what a guest is built from.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { UserError } from "../../util/errors.ts";
import type { SymbolValue } from "./config.ts";
import { folderDigest } from "./source.ts";

const PATH = "BR2_TOOLCHAIN_EXTERNAL_PATH";
const PREFIX = "BR2_TOOLCHAIN_EXTERNAL_CUSTOM_PREFIX";

/**
 * The digest of the compiler that a configuration names by its folder; undefined where it names none.
 *
 * @throws UserError when it is not there; `place` gives the place in the document of a symbol
 */
export async function ownToolchain(
	config: Readonly<Record<string, SymbolValue>>,
	place: (symbol: string) => string,
): Promise<string | undefined> {
	const folder = config[PATH];
	if (folder === undefined || folder === false) return undefined;
	if (typeof folder !== "string" || !isAbsolute(folder)) {
		throw new UserError(`${PATH} is no absolute path: Buildroot takes it from another folder`, { where: place(PATH) });
	}
	const prefix = config[PREFIX];
	const compiler = typeof prefix === "string" ? join(folder, "bin", `${prefix}-gcc`) : join(folder, "bin");
	try {
		await access(compiler, constants.X_OK);
	} catch (error) {
		throw new UserError(`there is no ${compiler}`, {
			where: place(PATH),
			remedy: `name the folder whose bin/ has the compiler, and in ${PREFIX} what its name begins with, without the last hyphen`,
			cause: error,
		});
	}
	return folderDigest(folder);
}
