// SPDX-License-Identifier: Apache-2.0
// What tests check provenance with, and npm does not have: in-toto's own definitions, from PyPI, each file by its digest.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, say } from "./console.mjs";

const REQUIREMENTS = fileURLToPath(new URL("../tests/account/requirements.txt", import.meta.url));

/** The folder of these requirements and no others. @param {string} project */
export function validatorsFolder(project) {
	const digest = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
	return join(project, ".persona", "validators", digest.slice(0, 16));
}

/** @param {string} project */
export function haveValidators(project) {
	return existsSync(validatorsFolder(project));
}

/** @param {string} project */
export async function getValidators(project) {
	if (haveValidators(project)) return;
	say("getting in-toto's definitions for the tests");
	const folder = validatorsFolder(project);
	const partial = `${folder}.${process.pid}`;
	mkdirSync(dirname(folder), { recursive: true });
	try {
		const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes"];
		await run("pip3", ["install", ...options, "--target", partial, "--requirement", REQUIREMENTS]);
		renameSync(partial, folder);
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}
