// SPDX-License-Identifier: Apache-2.0
// A Pulumi project in a temporary folder, driven through the real engine; programs run inside the test's own process.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type EngineEvent, LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation/index.js";
import { packageRoot } from "../../components/util/paths.ts";

const here = dirname(fileURLToPath(import.meta.url));

const require = createRequire(import.meta.url);

interface Client {
	close(): void;
}
// What follows Pulumi's SDK and its gRPC library have, but do not declare.
const { getStore } = require("@pulumi/pulumi/runtime/state.js") as {
	getStore(): { readonly settings: { readonly engine?: Client; readonly monitor?: Client } };
};
const { getSubchannelPool } = require("@grpc/grpc-js/build/src/subchannel-pool.js") as {
	getSubchannelPool(isGlobal: boolean): { unrefUnusedSubchannels(): void };
};

let command: Promise<PulumiCommand> | undefined;
/** The engine, which is asked for its version once. */
function engine(): Promise<PulumiCommand> {
	command ??= PulumiCommand.get();
	return command;
}

/** PATH with the engine that set-up got. */
export function enginePath(): string {
	return [join(packageRoot(), ".persona", "engine", "bin"), dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
}

export const WORK = `version: 1
kind: Persona
name: work
indicator: { label: Work, colour: "#c0392b" }
guest: { overlay: ./work, commandLine: quiet }
`;
export const PERSONAL = `version: 1
kind: Persona
name: personal
indicator: { label: Personal, colour: "#2980b9" }
`;
export const POLICY = `version: 1
kind: Policy
name: corporate
`;
export const PHONE = `version: 1
kind: Phone
name: pocket
board: qemu-virt
personas: [../personas/work.yaml, ../personas/personal.yaml]
policy: ../personas/policy.yaml
initialForeground: personal
`;

export interface ProjectOptions {
	/** Folder of the plugin; default: the provider on fake stages. */
	readonly plugin?: string;
	readonly env?: Readonly<Record<string, string>>;
	/** The folder the project is made in; default: a new temporary one. */
	readonly folder?: string;
}

/** What one engine run did. */
export interface Outcome {
	/** Operation by resource: the type's last part and the name, as in `GuestImage pocket-work`. */
	readonly steps: Readonly<Record<string, string>>;
	/** Paths of detailed diffs by resource. */
	readonly diffs: Readonly<Record<string, readonly string[]>>;
	/** Text of all diagnostics that stay (not ephemeral), without colours. */
	readonly diagnostics: string;
	/** Ephemeral status lines. */
	readonly progress: readonly string[];
	/** The stack's; secrets are masked. */
	readonly outputs: Readonly<Record<string, unknown>>;
	readonly failed: boolean;
}

export class Project {
	readonly folder: string;
	readonly env: Record<string, string>;

	constructor({ plugin = join(here, "fake-plugin"), env = {}, folder }: ProjectOptions = {}) {
		this.folder = folder ?? mkdtempSync(join(tmpdir(), "persona-project-"));
		this.env = {
			PATH: enginePath(),
			PULUMI_HOME: join(this.folder, ".home"),
			PULUMI_BACKEND_URL: `file://${join(this.folder, ".state")}`,
			PULUMI_CONFIG_PASSPHRASE: "test",
			PULUMI_SKIP_UPDATE_CHECK: "true",
			PERSONA_FAKE_WORLD: join(this.folder, ".world"),
			...env,
		};
		mkdirSync(join(this.folder, ".state"), { recursive: true });
		this.write(
			"Pulumi.yaml",
			`name: test\nruntime: nodejs\nplugins:\n  providers:\n    - { name: persona, path: ${JSON.stringify(plugin)} }\n`,
		);
		this.write("personas/work.yaml", WORK);
		this.write("personas/work/etc/motd", "hello\n");
		this.write("personas/personal.yaml", PERSONAL);
		this.write("personas/policy.yaml", POLICY);
		this.write("stacks/dev.phone.yaml", PHONE);
		// The program runs in this process, whose working folder is elsewhere.
		process.env.PERSONA_PROJECT = this.folder;
	}

	get world(): string {
		return this.env.PERSONA_FAKE_WORLD ?? "";
	}

	write(path: string, text: string): void {
		const file = join(this.folder, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}

	read(path: string): string {
		return readFileSync(join(this.folder, path), "utf8");
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}

	/** A stack with a program; the stack is made when it is new. */
	async stack(program: PulumiFn, name = "dev"): Promise<TestStack> {
		process.env.PERSONA_PROJECT = this.folder;
		const isMade = existsSync(join(this.folder, ".state", ".pulumi", "stacks", "test", `${name}.json`));
		const runs = new Runs();
		const which = { stackName: name, projectName: "test", program: runs.noting(program) };
		const options = { workDir: this.folder, envVars: this.env, pulumiCommand: await engine() };
		const stack = await (isMade ? LocalWorkspace.selectStack(which, options) : LocalWorkspace.createStack(which, options));
		askLess(stack);
		readAllEvents(stack);
		return new TestStack(stack, this, runs);
	}
}

/**
 * The connections of a stack's programs to their engines. The SDK leaves them open where programs run in this process, and one that is asked again after
 * its engine's end, as a failed program does, looks for that engine's port for good: a later engine that gets the same port, and with it the same
 * connection, is unavailable ("No connection established. Last error: null").
 */
class Runs {
	private readonly settings: ReturnType<typeof getStore>["settings"][] = [];

	/** The program, whose connections are known from then on. */
	noting(program: PulumiFn): PulumiFn {
		return () => {
			this.settings.push(getStore().settings);
			return program();
		};
	}

	/** To be called when the engine has ended. */
	close(): void {
		for (const { engine, monitor } of this.settings.splice(0)) {
			engine?.close();
			monitor?.close();
		}
		getSubchannelPool(true).unrefUnusedSubchannels();
	}
}

/** After each operation the Automation API asks for its history and twice for the outputs: three engines, and tests know all of it from the events. */
function askLess(stack: Stack): void {
	stack.info = async () => undefined;
	stack.outputs = async () => ({});
}

interface EventLog {
	readonly tail: { quit(): Promise<void> };
	readonly rl: { once(event: "close", listener: () => void): unknown };
}

/**
 * The Automation API closes the engine's log of events as soon as it is read, and loses those it has not split into lines yet: on a busy machine the
 * last ones, with the outputs. Here it waits until the reader of lines has seen the end.
 */
function readAllEvents(stack: Stack): void {
	const reader = stack as unknown as { readLines(path: string, callback: (event: EngineEvent) => void): Promise<EventLog> };
	const readLines = reader.readLines.bind(stack);
	reader.readLines = async (path, callback) => {
		const log = await readLines(path, callback);
		const ended = new Promise<void>((settle) => log.rl.once("close", settle));
		const quit = log.tail.quit.bind(log.tail);
		log.tail.quit = async () => {
			await quit();
			await ended;
		};
		return log;
	};
}

type Operation = "preview" | "up" | "refresh" | "destroy";

export class TestStack {
	readonly stack: Stack;
	private readonly project: Project;
	private readonly runs: Runs;

	constructor(stack: Stack, project: Project, runs: Runs) {
		this.stack = stack;
		this.project = project;
		this.runs = runs;
	}

	/** Runs an operation to its end; failures are part of the outcome. */
	async run(
		operation: Operation,
		options: { readonly onEvent?: (event: EngineEvent) => void; readonly replace?: string[]; readonly signal?: AbortSignal } = {},
	): Promise<Outcome> {
		process.env.PERSONA_PROJECT = this.project.folder;
		const events: EngineEvent[] = [];
		const onEvent = (event: EngineEvent) => {
			events.push(event);
			options.onEvent?.(event);
		};
		let failed = false;
		let thrown = "";
		try {
			const replace = options.replace === undefined ? {} : { replace: options.replace };
			const signal = options.signal === undefined ? {} : { signal: options.signal };
			if (operation === "preview") await this.stack.preview({ onEvent, ...replace, ...signal });
			else if (operation === "up") await this.stack.up({ onEvent, ...replace, ...signal });
			else if (operation === "refresh") await this.stack.refresh({ onEvent });
			else await this.stack.destroy({ onEvent });
		} catch (error) {
			failed = true;
			thrown = error instanceof Error ? error.message : String(error);
		} finally {
			this.runs.close();
		}
		return { ...digested(events, failed ? thrown : ""), failed };
	}

	/** What `pulumi config set` does. */
	async configure(name: string, value: string): Promise<void> {
		await this.stack.setConfig(name, { value });
	}

	/** What `pulumi state unprotect --all` does. */
	async unprotect(): Promise<void> {
		const exported = await this.stack.exportStack();
		for (const resource of exported.deployment.resources ?? []) resource.protect = false;
		await this.stack.importStack(exported);
	}

	/** A secret output of a resource, in the clear. */
	async secret(type: string, output: string, isIt: (id: string) => boolean): Promise<string> {
		const args = ["stack", "export", "--show-secrets", "--stack", this.stack.name];
		const stdout = execFileSync("pulumi", args, { cwd: this.project.folder, env: this.project.env, encoding: "utf8" });
		const { deployment } = JSON.parse(stdout);
		const found = deployment.resources.find(
			(one: { type: string; id?: string }) => one.type.endsWith(`:${type}`) && isIt(one.id ?? ""),
		);
		return JSON.parse(found.outputs[output].plaintext);
	}

	/** A resource of the exported state, by the last part of its type. */
	async state(
		type: string,
	): Promise<{ id: string; urn: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[]> {
		const { deployment } = await this.stack.exportStack();
		return (deployment.resources ?? []).filter((resource: { type: string }) => resource.type.endsWith(`:${type}`));
	}
}

function digested(events: readonly EngineEvent[], thrown: string): Omit<Outcome, "failed"> {
	const steps: Record<string, string> = {};
	const diffs: Record<string, string[]> = {};
	const diagnostics: string[] = [];
	const progress: string[] = [];
	let outputs: Record<string, unknown> = {};
	for (const { resourcePreEvent, diagnosticEvent, resOutputsEvent } of events) {
		const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
		if (resOutputsEvent?.metadata.type === "pulumi:pulumi:Stack") outputs = resOutputsEvent.metadata.new?.outputs ?? {};
		if (metadata !== undefined) {
			const name = `${metadata.type.split(":").pop()} ${metadata.urn.split("::").pop()}`;
			// A refresh before the update comes first; what counts is what happens to the resource then.
			const before = steps[name];
			if (before === undefined || before === "refresh" || (metadata.op !== "same" && metadata.op !== "refresh"))
				steps[name] = metadata.op;
			const paths = Object.keys(metadata.detailedDiff ?? {});
			if (paths.length > 0) diffs[name] = paths;
		}
		if (diagnosticEvent === undefined || String(diagnosticEvent.severity) === "debug") continue;
		const text = diagnosticEvent.message.replace(/<\{%[^%]*%\}>/g, "");
		if (diagnosticEvent.ephemeral) progress.push(text.trim());
		else diagnostics.push(`${diagnosticEvent.severity}: ${text}`);
	}
	return { steps, diffs, diagnostics: diagnostics.join("") + thrown, progress, outputs };
}

export function engineIsThere(): boolean {
	return enginePath()
		.split(delimiter)
		.some((folder) => existsSync(join(folder, "pulumi")));
}
