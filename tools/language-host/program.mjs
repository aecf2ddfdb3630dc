// SPDX-License-Identifier: Apache-2.0
// Runs a user's Pulumi program in Node the way the vendor's language host does: same arguments, environment and exit statuses.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cacheDir } from "../folders.mjs";

/** The SDK's exit status for "the user has already been told"; see @pulumi/pulumi/cmd/run. */
const ALREADY_REPORTED = 32;

/** @typedef {import("@pulumi/pulumi/proto/language_pb.js").RunRequest} RunRequest */

/**
 * Splits a string into words as a shell does, with quotes and backslashes but no expansion.
 * @param {string} text
 * @returns {string[]}
 */
export function words(text) {
	const found = [];
	for (const match of text.matchAll(/(?:[^\s"'\\]+|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)) {
		found.push(
			match[0].replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, escaped, doubled, single) =>
				escaped !== undefined ? escaped : doubled !== undefined ? doubled.replace(/\\(["\\$`])/g, "$1") : single,
			),
		);
	}
	return found;
}

/**
 * What to start for a program: pure, so that it can be tested.
 * @param {RunRequest} request
 * @param {string} engineAddress
 * @param {string} runner path of @pulumi/pulumi/cmd/run
 * @returns {{ args: string[], environment: Record<string, string> }}
 */
export function invocation(request, engineAddress, runner) {
	const info = request.getInfo();
	const options = info?.getOptions()?.toJavaScript() ?? {};
	const nodeArguments = typeof options.nodeargs === "string" ? words(options.nodeargs) : [];
	const args = [
		...nodeArguments,
		runner,
		`--monitor=${request.getMonitorAddress()}`,
		`--engine=${engineAddress}`,
		`--organization=${request.getOrganization()}`,
		`--project=${request.getProject()}`,
		`--stack=${request.getStack()}`,
		`--root-directory=${info?.getRootDirectory() ?? ""}`,
		`--pwd=${request.getPwd()}`,
		...(request.getDryrun() ? ["--dry-run"] : []),
		`--parallel=${request.getParallel()}`,
		info?.getEntryPoint() || request.getProgram() || ".",
		...request.getArgsList(),
	];
	/** @type {Record<string, string>} */
	const config = {};
	request.getConfigMap().forEach((/** @type {string} */ value, /** @type {string} */ key) => {
		config[key] = value;
	});
	return {
		args,
		environment: {
			PULUMI_CONFIG: JSON.stringify(config),
			PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
			// The vendor's host runs TypeScript through ts-node unless the project says `typescript: false`.
			...(options.typescript === false || options.typescript === "false" ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
			...(typeof options.tsconfig === "string" && options.tsconfig !== "" ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
		},
	};
}

/**
 * @param {RunRequest} request
 * @param {string} engineAddress
 * @returns {Promise<{ error: string, bail: boolean }>}
 */
export async function runProgram(request, engineAddress) {
	const folder = request.getInfo()?.getProgramDirectory() || request.getPwd();
	let runner;
	try {
		runner = createRequire(join(folder, "index.js")).resolve("@pulumi/pulumi/cmd/run");
	} catch {
		return { error: `the Pulumi SDK is not installed for ${folder}; run \`npm ci\` there`, bail: false };
	}
	const { args, environment } = invocation(request, engineAddress, runner);
	// The program's output is the user's: the engine shows what this process's own streams carry.
	const child = spawn(process.execPath, args, {
		cwd: request.getPwd(),
		// The SDK is large: keeping it compiled shortens every preview.
		env: { NODE_COMPILE_CACHE: join(cacheDir(), "compiled"), ...process.env, ...environment },
		stdio: ["ignore", "inherit", "inherit"],
	});
	const end = () => child.kill("SIGKILL");
	process.once("exit", end);
	try {
		return await new Promise((settle, fail) => {
			child.once("error", fail);
			child.once("close", (status, signal) => {
				if (signal !== null) settle({ error: `the program was ended by ${signal}`, bail: false });
				else if (status === ALREADY_REPORTED) settle({ error: "", bail: true });
				else settle({ error: status === 0 ? "" : `Program exited with non-zero exit code: ${status}`, bail: false });
			});
		});
	} finally {
		process.removeListener("exit", end);
	}
}

/**
 * What a program's package.json asks for, with the versions that are installed; for `pulumi about`.
 * @param {string} folder
 * @returns {{ name: string, version: string }[]}
 */
export function programDependencies(folder) {
	let root = folder;
	while (!existsSync(join(root, "package.json"))) {
		if (dirname(root) === root) return [];
		root = dirname(root);
	}
	const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	return Object.entries({ ...dependencies, ...devDependencies }).map(([name, wanted]) => {
		const installed = join(root, "node_modules", name, "package.json");
		return { name, version: existsSync(installed) ? JSON.parse(readFileSync(installed, "utf8")).version : String(wanted) };
	});
}

/**
 * `pulumi install`: npm does it, and what it says is passed on.
 * @param {any} call
 * @param {typeof import("@grpc/grpc-js")} grpc
 * @param {any} messages
 */
export function installDependencies(call, grpc, messages) {
	const folder = call.request.getInfo()?.getProgramDirectory() || call.request.getDirectory();
	const child = spawn("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
	child.stdout.on("data", (data) => call.write(new messages.InstallDependenciesResponse().setStdout(data)));
	child.stderr.on("data", (data) => call.write(new messages.InstallDependenciesResponse().setStderr(data)));
	child.once("error", (error) => call.emit("error", { code: grpc.status.UNKNOWN, details: error.message }));
	child.once("close", (status) => {
		if (status === 0) call.end();
		else call.emit("error", { code: grpc.status.UNKNOWN, details: `npm install ended with status ${status}` });
	});
}
