// SPDX-License-Identifier: Apache-2.0
// `persona lock`: pins every outside input of the project's guests by version and SHA-256.
import { checkLock, type GuestRequest, guestRequest, loadLock, lockPath, projectDocuments, updateLock } from "../../image/index.ts";
import { renderProblems } from "../../manifest/index.ts";
import { checkFiles, loadAndCheckPhone } from "../../policy/index.ts";
import { UserError } from "../../util/errors.ts";
import { projectRoot } from "../../util/paths.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export interface LockOptions {
	/** Only look whether the lock answers everything. */
	readonly check: boolean;
	/** Take the newest of everything, not only what is missing. */
	readonly update: boolean;
	readonly json: boolean;
}

export async function lock(terminal: Terminal, options: LockOptions): Promise<ExitCode> {
	if (options.check && options.update) throw new UserError("--check changes nothing and --update does: choose one");
	const project = projectRoot();
	const requests = await projectRequests(project);
	if (options.check) {
		const missing = checkLock(await loadLock(project), requests);
		if (options.json) printJson(terminal, { ok: missing.length === 0, missing });
		else if (missing.length === 0) print(terminal, `${lockPath(project)} answers all ${requests.length} guests`);
		else terminal.err.write(`${missing.join("\n")}\n  run \`persona lock\` and commit persona.lock.yaml\n`);
		return missing.length === 0 ? EXIT.ok : EXIT.found;
	}
	const report = await withProgress(terminal, "locking", (progress, signal) =>
		updateLock(project, { requests, mode: options.update ? "all" : "missing", progress, signal }),
	);
	const { path, added, removed } = report;
	if (options.json) printJson(terminal, { path, added, removed });
	else {
		for (const reference of removed) print(terminal, `- ${reference}`);
		for (const reference of added) print(terminal, `+ ${reference}`);
		print(terminal, added.length + removed.length === 0 ? `${path} is unchanged` : `${path} is written; commit it`);
	}
	return EXIT.ok;
}

/** What the guests of all the project's documents ask Debian for: of a phone's personas for its board, of all others for arm64. */
async function projectRequests(project: string): Promise<GuestRequest[]> {
	const { personas, phones } = await projectDocuments(project);
	const { documents, problems } = await checkFiles([...phones, ...personas]);
	if (problems.length > 0) {
		throw new UserError(`the documents have to be right before anything is locked\n${renderProblems(problems)}`);
	}
	const requests: GuestRequest[] = [];
	const onPhones = new Set<string>();
	for (const phone of phones) {
		const { draft } = await loadAndCheckPhone(phone);
		for (const { document, file } of draft.personas) {
			onPhones.add(file);
			if (draft.board !== undefined && document.guest.builder !== "prebuilt")
				requests.push(guestRequest(document, draft.board.document));
		}
	}
	for (const { document, file } of documents) {
		if (document.kind === "Persona" && document.guest.builder !== "prebuilt" && !onPhones.has(file))
			requests.push(guestRequest(document, { architecture: "arm64" }));
	}
	return requests;
}
