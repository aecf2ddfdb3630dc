// SPDX-License-Identifier: Apache-2.0
// Which device image a command is about: a file, a digest in the store, a stack's phone, or what a handset runs.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { AccountContext } from "../account/index.ts";
import { type BuildContext, buildPhone, type Composition, compositionOf, loadLock, openStore, type Store } from "../image/index.ts";
import { type ResolvedPhone, type Rules, renderProblems } from "../manifest/index.ts";
import { loadAndCheckPhone } from "../policy/index.ts";
import { SIGN_COMMAND, signer } from "../signing/index.ts";
import { sha256File } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { projectRoot } from "../util/paths.ts";
import type { Progress } from "../util/progress.ts";
import { phoneAtRevision, stackAtRevision } from "./at-revision.ts";
import { chooseHandset } from "./choose.ts";
import { currentProject } from "./public-keys.ts";

/** A device image on this machine. */
export interface ChosenImage {
	/** As the user names it. */
	readonly name: string;
	readonly path: string;
	readonly digest: string;
	/** Missing where it was not composed here. */
	readonly composition?: Composition;
	/** What its documents have to hold; null: nothing; missing where it is not named by its documents. */
	readonly rules?: Rules | null;
	/** What of it is not as the user might think. */
	readonly note?: string;
}

/** What choosing may need: building a stack's phone takes time. */
export interface Choosing {
	readonly handset?: string | undefined;
	readonly progress: Progress;
	readonly signal: AbortSignal;
}

/** The image a user means; a stack's phone is built first, unless it is in the store. */
export async function chooseImage(what: string | undefined, how: Choosing): Promise<ChosenImage> {
	const store = await openStore();
	if (what === undefined) {
		const { id, imageDigest } = await chooseHandset(how.handset);
		if (imageDigest === undefined) throw new UserError(`handset ${id} has not run an image yet`);
		return stored(store, `handset ${id}`, imageDigest, how.signal);
	}
	const phone = phoneFile(what);
	if (phone !== undefined) return built(store, what, phone, how);
	const old = existsSync(what) ? undefined : stackAtRevision(what);
	if (old !== undefined) {
		const { file, note, remove } = await phoneAtRevision(old.stack, old.revision, how.signal);
		try {
			return { ...(await built(store, what, file, how)), ...(note === undefined ? {} : { note }) };
		} finally {
			await remove();
		}
	}
	if (existsSync(what)) return withComposition(store, { name: what, path: what, digest: await sha256File(what, how.signal) });
	if (/^(sha256:)?[0-9a-f]{64}$/.test(what))
		return stored(store, what, what.startsWith("sha256:") ? what : `sha256:${what}`, how.signal);
	throw new UserError(`"${what}" is no stack, file or digest`, {
		remedy:
			"name a stack (stacks/<stack>.phone.yaml), one at a revision of git (<stack>@<revision>), a device image's file, or its digest (`pulumi stack output`, `persona ps`)",
	});
}

/** The phone document that a stack's name or a path names; undefined where there is none. */
export function phoneFile(what: string): string | undefined {
	if (/\.phone\.ya?ml$/.test(what)) return resolve(what);
	if (!/^[\w.-]+$/.test(what) || existsSync(what)) return undefined;
	// Files and digests are looked at outside of a project, too.
	const project = currentProject();
	const file = project === undefined ? "" : join(project, "stacks", `${what}.phone.yaml`);
	return existsSync(file) ? file : undefined;
}

/** A phone with all its documents. @throws UserError with all that is wrong with them */
export async function checkedPhone(file: string): Promise<ResolvedPhone> {
	const { resolved, problems } = await loadAndCheckPhone(file);
	if (resolved !== undefined && problems.length === 0) return resolved;
	throw new UserError(`the phone cannot be built as long as its documents are wrong\n${renderProblems(problems)}`);
}

/** What building a phone of this project needs. */
export async function phoneContext(file: string, store: Store, { progress, signal }: Choosing): Promise<BuildContext> {
	const projectDir = projectRoot(join(file, ".."));
	const sign = signer({ command: process.env[SIGN_COMMAND] });
	return { store, lock: await loadLock(projectDir), projectDir, progress, signal, sign };
}

/** What accounts of packages need: the store, and the mirrors of the project where there is one. */
export async function accountContext({ progress, signal }: Pick<Choosing, "progress" | "signal">): Promise<AccountContext> {
	const project = currentProject();
	const mirrors = project === undefined ? undefined : (await loadLock(project)).mirrors;
	return { store: await openStore(), mirrors, progress, signal };
}

/** What an image was composed from. @throws UserError where that is not known */
export function knownComposition({ name, digest, composition }: ChosenImage): Composition {
	if (composition !== undefined) return composition;
	throw new UserError(`what ${name} was composed from is not known here (${digest})`, {
		remedy: "only the machine that composed it keeps that; name the stack instead, and the image is composed again here",
	});
}

async function built(store: Store, name: string, phone: string, how: Choosing): Promise<ChosenImage> {
	const resolved = await checkedPhone(phone);
	const { device } = await buildPhone(resolved, await phoneContext(phone, store, how));
	const rules = resolved.rules?.document ?? null;
	return withComposition(store, { name, path: device.path, digest: device.digest, rules });
}

async function stored(store: Store, name: string, digest: string, signal: AbortSignal): Promise<ChosenImage> {
	const blob = await store.get(digest, signal);
	if (blob !== undefined) return withComposition(store, { name, path: blob.path, digest });
	throw new UserError(`the image ${digest} is not in this machine's store`, { remedy: "`pulumi up` composes it again" });
}

async function withComposition(store: Store, image: Omit<ChosenImage, "composition">): Promise<ChosenImage> {
	const composition = await compositionOf(store, image.digest);
	return { ...image, ...(composition === undefined ? {} : { composition }) };
}
