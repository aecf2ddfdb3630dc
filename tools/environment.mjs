// SPDX-License-Identifier: Apache-2.0
// What plain `pulumi` needs in its environment to find this project's engine, state and passphrase: one answer for `npm run up`,
// `persona env` and the tests. Dependency-free JavaScript, because set-up needs it before anything is installed.
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { projectStateDir } from "./folders.mjs";
import { withoutProxyHere } from "./network.mjs";

/** @typedef {import("./folders.mjs").Variables} Variables */

/**
 * @typedef {object} EngineEnvironment
 * @property {Record<string, string>} variables what to set, absolute, so that it holds in every folder
 * @property {string | undefined} backendFolder where the state is when the backend is a folder of this machine, ours or the user's
 * @property {string} backend where the state is, for people
 */

/**
 * The backend a user has chosen, in the order the engine itself would look, or undefined.
 * @param {string} project
 * @param {Variables} variables
 * @returns {string | undefined}
 */
export function chosenBackend(project, variables) {
	if (variables.PULUMI_BACKEND_URL) return variables.PULUMI_BACKEND_URL;
	const inProject = /^backend:\s*\n(?:[ \t]+.*\n)*?[ \t]+url:\s*["']?([^\s"'#]+)/m.exec(
		readIfThere(join(project, "Pulumi.yaml")) + "\n",
	);
	if (inProject?.[1] !== undefined) return inProject[1];
	const home = variables.PULUMI_HOME ?? join(userInfo().homedir, ".pulumi");
	const credentials = readIfThere(join(home, "credentials.json"));
	if (credentials !== "") {
		try {
			const { current } = JSON.parse(credentials);
			if (typeof current === "string" && current !== "") return current;
		} catch {
			// The engine reports a broken credentials file better than we could.
		}
	}
	return variables.PULUMI_ACCESS_TOKEN ? "https://api.pulumi.com" : undefined;
}

/**
 * The folder of a `file://` backend, as the engine understands it: `~` is the home folder, what is relative is relative to the project.
 * @param {string} url
 * @param {string} project
 * @returns {string | undefined}
 */
function folderOf(url, project) {
	const path = /^file:\/\/([^?]*)/.exec(url)?.[1];
	if (path === undefined) return undefined;
	return path.startsWith("~") ? join(userInfo().homedir, path.slice(1)) : resolve(project, decodeURIComponent(path));
}

/** @param {string} path */
function readIfThere(path) {
	return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/**
 * What to set so that plain `pulumi` works in this project from any folder. Creates nothing; see {@link prepareState}.
 * @param {string} project
 * @param {Variables} variables
 * @returns {EngineEnvironment}
 */
export function engineEnvironment(project, variables = process.env) {
	const state = projectStateDir(project, variables);
	/** @type {Record<string, string>} */
	const result = {};
	const ahead = [
		join(project, ".persona", "engine", "bin"),
		join(project, ".persona", "node", "bin"),
		join(project, "node_modules", ".bin"),
	].filter((folder) => existsSync(folder));
	const path = (variables.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !ahead.includes(folder));
	result.PATH = [...ahead, ...path].join(delimiter);
	result.PULUMI_SKIP_UPDATE_CHECK = "true";
	Object.assign(result, withoutProxyHere(variables));

	const ours = `file://${join(state, "pulumi")}`;
	const chosen = chosenBackend(project, variables);
	const local = chosen === undefined || chosen === ours;
	if (local) {
		result.PULUMI_BACKEND_URL = ours;
		// The engine takes its home from the password file and not from $HOME; the selected stack is kept there.
		result.PULUMI_HOME = variables.PULUMI_HOME ?? join(state, "home");
	}
	const passphrase = join(state, "passphrase");
	const otherPassphrase =
		variables.PULUMI_CONFIG_PASSPHRASE !== undefined ||
		![undefined, "", passphrase].includes(variables.PULUMI_CONFIG_PASSPHRASE_FILE);
	if (!otherPassphrase && !chosen?.startsWith("http")) result.PULUMI_CONFIG_PASSPHRASE_FILE = passphrase;
	const folder = join(state, "pulumi");
	return local
		? { variables: result, backendFolder: folder, backend: folder }
		: { variables: result, backendFolder: folderOf(chosen, project), backend: chosen };
}

/**
 * Makes the folders and the passphrase {@link engineEnvironment} names, private to the user. Two at once end with one passphrase.
 * @param {string} project
 * @param {Variables} variables
 */
export function prepareState(project, variables = process.env) {
	const state = projectStateDir(project, variables);
	mkdirSync(state, { recursive: true, mode: 0o700 });
	const { backendFolder } = engineEnvironment(project, variables);
	if (backendFolder?.startsWith(state)) mkdirSync(backendFolder, { recursive: true, mode: 0o700 });
	createOnce(join(state, "passphrase"), `${randomBytes(24).toString("base64url")}\n`);
	createOnce(join(state, "project"), `${project}\n`);
}

/**
 * Creates a private file with its whole content, unless it is there.
 * @param {string} path
 * @param {string} content
 */
function createOnce(path, content) {
	if (existsSync(path)) return;
	const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
	writeFileSync(temporary, content, { mode: 0o600, flag: "wx" });
	try {
		linkSync(temporary, path);
	} catch (error) {
		if (!existsSync(path)) throw error;
	} finally {
		rmSync(temporary, { force: true });
	}
}
