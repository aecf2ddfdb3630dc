// SPDX-License-Identifier: Apache-2.0
// `npm run up [-- STACK] [--offline]`: from whatever state the machine and the stack are in to a running handset, then a short summary.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, run, SetupError, say } from "./console.mjs";
import { flashesTablet } from "./declared.mjs";
import { engineEnvironment, prepareState } from "./environment.mjs";
import { packageFolder, projectFolder, setUp } from "./setup.mjs";
import { removeBrokenAttributes, removeStaleLocks, stackLocks, stackState } from "./stack.mjs";

/**
 * The stack asked for, checked before anything is made for it.
 * @param {string} project
 * @param {readonly string[]} args
 */
function chosenStack(project, args) {
	const stack = args.find((argument) => !argument.startsWith("-")) ?? process.env.PERSONA_STACK ?? "dev";
	if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack))
		throw new SetupError(`${JSON.stringify(stack)} cannot be a stack's name: letters, digits, . _ and - only`);
	const folder = join(project, "stacks");
	const phones = existsSync(folder) ? readdirSync(folder).flatMap((name) => /^(.+)\.phone\.yaml$/.exec(name)?.[1] ?? []) : [];
	if (phones.length > 0 && !phones.includes(stack)) {
		throw new SetupError(
			`no phone is declared for stack ${stack}: write stacks/${stack}.phone.yaml, or name one of ${phones.join(", ")}`,
		);
	}
	return stack;
}

/**
 * Runs the engine with the terminal's streams and gives its exit status.
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @param {boolean} asks whether it is to ask before it changes anything
 * @returns {Promise<number>}
 */
function pulumi(args, options, asks) {
	return new Promise((settle, refuse) => {
		const child = spawn("pulumi", args, { ...options, stdio: [asks ? "inherit" : "ignore", "inherit", "inherit"] });
		// A terminal's ^C reaches the engine by itself, which then ends in good order; this process waits for it.
		process.on("SIGINT", () => {});
		for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.once(signal, () => child.kill("SIGINT"));
		child.once("error", (error) => refuse(new SetupError(`pulumi cannot be started: ${error.message}`)));
		child.once("close", (status) => settle(status ?? 1));
	});
}

/**
 * What the last operation changed: operations other than `same`, from the engine's own event log.
 * @param {string} log
 * @returns {Record<string, number> | undefined}
 */
function changes(log) {
	if (!existsSync(log)) return undefined;
	for (const line of readFileSync(log, "utf8").trimEnd().split("\n").reverse()) {
		const summary = line.includes('"summaryEvent"') ? JSON.parse(line).summaryEvent : undefined;
		if (summary !== undefined) {
			return Object.fromEntries(Object.entries(summary.resourceChanges ?? {}).filter(([operation]) => operation !== "same"));
		}
	}
	return undefined;
}

/**
 * Repairs what a killed run has left: its lock, descriptions half written, and creates whose end nobody knows.
 * @param {string} folder the local backend
 * @param {string} name the project's
 * @param {string} stack
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
async function repair(folder, name, stack, options) {
	const locks = stackLocks(folder, name, stack);
	const live = locks.find((lock) => !lock.stale);
	if (live !== undefined) {
		const holder = live.pid === 0 ? "another process" : `process ${live.pid} on ${live.host}`;
		throw new SetupError(`stack ${stack} is being changed by ${holder}; wait for it to end`);
	}
	if (removeStaleLocks(locks) > 0) say("removed the lock of a run that was killed");
	if (removeBrokenAttributes(folder, name, stack) > 0) say("removed what a killed run had half written");
	if (stackState(folder, name, stack).pending > 0) {
		say("clearing operations a killed run left unfinished");
		await run(
			"pulumi",
			["refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates", "--non-interactive"],
			options,
		);
	}
}

/**
 * Says what building the stack's phone takes, before anything is built.
 * @param {string} project
 * @param {string} stack
 * @param {NodeJS.ProcessEnv} env
 */
function checkNeeds(project, stack, env) {
	const phone = join(project, "stacks", `${stack}.phone.yaml`);
	if (!existsSync(phone)) return;
	const command = [join(packageFolder, "bin", "persona.mjs"), "fetch", "--dry-run", "--json", phone];
	const { stdout } = spawnSync(process.execPath, command, { cwd: project, env, encoding: "utf8" });
	// Mistakes in documents are told by the engine, with the rest of what it finds.
	if (!stdout?.startsWith("{")) return;
	const { needs, refused } = JSON.parse(stdout);
	if (refused !== null) throw new SetupError(refused);
	if (needs !== null) say(needs);
}

/**
 * @param {string} project
 * @param {string} stack
 * @param {string} backend
 * @param {NodeJS.ProcessEnv} env
 */
async function summary(project, stack, backend, env) {
	const command = join(packageFolder, "bin", "persona.mjs");
	// Programs of other people may export nothing; then it is the only handset that runs, if there is one.
	const handset = (
		await run("pulumi", ["stack", "output", "handset", "--stack", stack], { cwd: project, env }).catch(() => "")
	).trim();
	const which = handset === "" ? [] : ["--handset", handset];
	const status = await run(process.execPath, [command, "status", "--json", ...which], { cwd: project, env }).catch(() => "");
	/** @type {{ name: string, state: string, ready: boolean }[]} */
	let personas = [];
	try {
		personas = JSON.parse(status).personas ?? [];
	} catch {
		// The phone is up; how it is can be asked again, and the command says then what is wrong.
	}
	const lines = personas.map((persona) => `  ${persona.name.padEnd(16)} ${persona.state}${persona.ready ? ", READY" : ""}`);
	const first = personas[0]?.name ?? "work";
	process.stdout.write(`
${lines.join("\n")}${lines.length > 0 ? "\n\n" : ""}Next:
  npx persona status            what each persona is doing
  npx persona console ${first.padEnd(10)}its console (the key to leave is shown)
  npx persona switch ${first.padEnd(11)}bring it to the foreground
  eval "$(npx persona env)"     then plain pulumi works here: pulumi preview --diff, up, refresh, destroy
Change a file under personas/ and run \`npm run up${stack === "dev" ? "" : ` -- ${stack}`}\` again. State: ${backend}
`);
}

/** @param {readonly string[]} args */
async function main(args) {
	const project = projectFolder();
	const stack = chosenStack(project, args);
	if (args.includes("--offline")) process.env.PERSONA_OFFLINE = "true";
	// A tablet is flashed when somebody has seen what is to happen and said yes to it.
	const isFlashed = flashesTablet(project, stack);
	if (isFlashed && !(process.stdin.isTTY && process.stdout.isTTY)) {
		throw new SetupError(
			`the phone of stack ${stack} is a tablet that is flashed: run this in a terminal, where you are asked, or \`pulumi up\``,
		);
	}
	await setUp(project, { tests: false, stack });
	prepareState(project);
	const { variables, backendFolder, backend } = engineEnvironment(project);
	const events = mkdtempSync(join(tmpdir(), "persona-up-"));
	try {
		// The event log is one of the engine's debugging flags, which this variable makes known.
		// A tablet that only the program's code declares is not flashed on a yes that nobody has said (components/provider/consent.ts).
		/** @type {NodeJS.ProcessEnv} */
		const unasked = isFlashed ? {} : { PERSONA_UNASKED: "true" };
		const env = { ...process.env, ...variables, ...unasked, PULUMI_DEBUG_COMMANDS: "true", PULUMI_SUPPRESS_COPILOT_LINK: "true" };
		Object.assign(process.env, variables);
		const options = { cwd: project, env };
		const name = /^name:\s*["']?([^\s"'#]+)/m.exec(readFileSync(join(project, "Pulumi.yaml"), "utf8"))?.[1] ?? "";
		checkNeeds(project, stack, env);
		if (backendFolder !== undefined) await repair(backendFolder, name, stack, options);
		await run("pulumi", ["stack", "select", "--create", stack, "--non-interactive"], options);
		const log = join(events, "events");
		const quiet = process.stdout.isTTY ? [] : ["--non-interactive", "--suppress-progress"];
		const flags = [
			"--stack",
			stack,
			...(isFlashed ? [] : ["--yes", "--skip-preview"]),
			"--suppress-outputs",
			"--suppress-permalink=true",
			"--event-log",
			log,
		];
		const status = await pulumi(["up", ...flags, ...quiet], options, isFlashed);
		if (status !== 0) {
			process.exitCode = status;
			return;
		}
		const changed = changes(log);
		const unchanged = changed !== undefined && Object.keys(changed).length === 0;
		say(unchanged ? `stack ${stack} is unchanged: everything is as declared` : `stack ${stack} is as declared`);
		if (isFlashed)
			process.stdout.write("\nThe tablet was told to start; nothing leads to it by which its personas could be seen from here.\n");
		else await summary(project, stack, backend, env);
	} finally {
		rmSync(events, { recursive: true, force: true });
	}
}

await main(process.argv.slice(2)).catch(fail);
