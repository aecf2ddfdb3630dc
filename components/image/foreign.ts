// SPDX-License-Identifier: Apache-2.0
// Runs mmdebstrap so that it can run the guest architecture's programs, changing nothing on the host and leaving no mount behind.
import { existsSync } from "node:fs";
import { UserError } from "../util/errors.ts";
import { ProcessError, type RunOptions, type RunResult, run } from "../util/process.ts";

// The first bytes of an arm64 program, and which of them count (elf(5)), as qemu-user-static registers them itself.
const MAGIC = "\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00";
const MASK = "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff";
const INTERPRETERS = ["/usr/bin/qemu-aarch64-static", "/usr/bin/qemu-aarch64"];
const NO_EMULATOR = 70;

// A user namespace has its own table of program formats (Linux 6.7 and newer), so registering there is no change to the host.
const INNER = `
until grep -q . /proc/self/uid_map; do sleep 0.02; done
umask 022
if ! arch-test arm64 >/dev/null 2>&1; then
	mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&
	printf '%s\\n' "$PERSONA_BINFMT" >/proc/sys/fs/binfmt_misc/register &&
	arch-test arm64 >/dev/null 2>&1 || exit ${NO_EMULATOR}
fi
exec "$@"`;

// Root has no subordinate ids; it maps the first 65,536 as they are.
const AS_ROOT = `
unshare --user --mount --pid --fork --kill-child --mount-proc sh -c "$PERSONA_INNER" sh "$@" &
child=$!
until [ "$(readlink /proc/$child/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.02; done
echo '0 0 65536' >/proc/$child/uid_map && echo '0 0 65536' >/proc/$child/gid_map || kill $child
wait $child`;

/** Runs `mmdebstrap ARGS` for arm64. @throws UserError when this machine cannot run arm64 programs */
export async function runForeign(
	command: string,
	args: readonly string[],
	options: RunOptions & { env: NodeJS.ProcessEnv },
): Promise<RunResult> {
	const interpreter = INTERPRETERS.find((path) => existsSync(path));
	const env = {
		...options.env,
		PERSONA_BINFMT: `:persona-aarch64:M::${MAGIC}:${MASK}:${interpreter ?? ""}:OCF`,
		PERSONA_INNER: INNER,
	};
	const settings = { ...options, env, killAfterMs: 400 };
	try {
		if (process.getuid?.() === 0) return await run("sh", ["-c", AS_ROOT, "sh", command, "--mode=root", ...args], settings);
		if (await canRunArm64())
			return await run("sh", ["-c", 'umask 022; exec "$@"', "sh", command, "--mode=unshare", ...args], settings);
		const namespace = ["--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
		return await run("unshare", [...namespace, "sh", "-c", INNER, "sh", command, "--mode=root", ...args], settings);
	} catch (error) {
		if (!(error instanceof ProcessError) || error.status !== NO_EMULATOR) throw error;
		throw new UserError("arm64 programs cannot run on this machine, which `base: debian` needs while it installs packages", {
			remedy:
				"apt-get install qemu-user-static arch-test (and, in a container on Linux before 6.7, register its program format on the host)",
			cause: error,
		});
	}
}

async function canRunArm64(): Promise<boolean> {
	try {
		await run("arch-test", ["arm64"]);
		return true;
	} catch {
		return false;
	}
}
