// SPDX-License-Identifier: Apache-2.0
// A stack's phone as a revision of git has its documents: `dev@origin/main`.
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { UserError } from "../util/errors.ts";
import { packageRoot, projectRoot } from "../util/paths.ts";
import { ProcessError, run } from "../util/process.ts";

/** A phone document among all the files of a revision. */
export interface PhoneAtRevision {
	readonly file: string;
	/** What is not as that revision had it; missing where there is nothing to say. */
	readonly note?: string;
	remove(): Promise<void>;
}

/** What Veil and our programs are compiled from, in this package's own repository. */
const SOURCES = ["hypervisor", "agent", "guest", "boards"];

/** Splits `STACK@REVISION`; undefined for anything else. */
export function stackAtRevision(what: string): { stack: string; revision: string } | undefined {
	const match = /^([\w.-]+)@([^-\s].*)$/.exec(what);
	return match === null ? undefined : { stack: match[1] ?? "", revision: match[2] ?? "" };
}

/**
 * Writes a revision's files to a folder of their own. The working tree, the index and git's own folder are not touched.
 *
 * @throws UserError when there is no such revision, or no such stack in it
 */
export async function phoneAtRevision(stack: string, revision: string, signal: AbortSignal): Promise<PhoneAtRevision> {
	const project = await realpath(projectRoot());
	const git = async (...args: string[]) => (await run("git", ["-C", project, ...args], { signal })).stdout.trim();
	let top: string;
	let commit: string;
	try {
		top = await git("rev-parse", "--show-toplevel");
		commit = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`);
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		throw new UserError(`git knows no revision "${revision}" of ${project}`, {
			remedy: "name a branch, a tag or a commit; `git fetch` first where it is another's",
			cause: error,
		});
	}
	const folder = await mkdtemp(join(tmpdir(), "persona-revision-"));
	const remove = () => rm(folder, { recursive: true, force: true });
	try {
		await run("sh", ["-c", 'git -C "$0" archive --format=tar "$1" | tar -x -C "$2"', top, commit, folder], { signal });
		const file = join(folder, relative(await realpath(top), project), "stacks", `${stack}.phone.yaml`);
		if (!existsSync(file)) throw new UserError(`revision ${revision} has no stack "${stack}" (stacks/${stack}.phone.yaml)`);
		const isOwn = (await realpath(packageRoot())) === project;
		const compiled = isOwn ? await git("diff", "--name-only", commit, "--", ...SOURCES) : "";
		const note = `${revision} has other sources of Veil or of our programs; these are compared as they are in the working tree`;
		return { file, remove, ...(compiled === "" ? {} : { note }) };
	} catch (error) {
		await remove();
		throw error;
	}
}
