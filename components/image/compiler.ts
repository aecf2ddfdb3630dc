// SPDX-License-Identifier: Apache-2.0
// The cross compilers of this machine, by architecture.
import type { Board } from "../manifest/index.ts";
import { UserError } from "../util/errors.ts";
import { run } from "../util/process.ts";

/** What compiles Veil and our programs in guests, by architecture. */
export const COMPILER_PREFIX = { arm64: "aarch64-linux-gnu-", armv6: "arm-linux-gnueabi-" } as const;

const versions = new Map<Board["architecture"], Promise<string>>();

/** The first line of what the cross compiler says of itself. @throws UserError when it is missing */
export function compilerVersion(architecture: Board["architecture"]): Promise<string> {
	const known = versions.get(architecture);
	if (known !== undefined) return known;
	const compiler = `${COMPILER_PREFIX[architecture]}gcc`;
	const version = run(compiler, ["--version"]).then(
		({ stdout }) => stdout.split("\n")[0] ?? "",
		(error: unknown) => {
			versions.delete(architecture);
			throw new UserError(`${compiler} is missing, which Veil is built with`, {
				remedy: `apt-get install ${architecture === "arm64" ? "gcc-aarch64-linux-gnu" : "gcc-arm-linux-gnueabi"} make`,
				cause: error,
			});
		},
	);
	versions.set(architecture, version);
	return version;
}
