// SPDX-License-Identifier: Apache-2.0
// The small language host starts programs as the engine asks, tells how they ended, and leaves nothing when the engine goes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive, packageRoot } from "../../components/util/index.ts";
import { invocation, words } from "../../tools/language-host/program.mjs";

const require = createRequire(import.meta.url);
const grpc = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
const services = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const messages = require("@pulumi/pulumi/proto/language_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");

let folder: string;
/** Stands for the engine: the host only has to find somebody listening. */
let engineSocket: Server;
let engineAddress: string;
const started: ChildProcess[] = [];

beforeEach(async () => {
	engineSocket = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
	await once(engineSocket, "listening");
	engineAddress = `127.0.0.1:${(engineSocket.address() as AddressInfo).port}`;
	folder = await realpath(await mkdtemp(join(tmpdir(), "persona host ")));
	await symlink(join(packageRoot(), "node_modules"), join(folder, "node_modules"));
	await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { yaml: "*" } }));
});
afterEach(async () => {
	for (const child of started.splice(0)) child.kill("SIGKILL");
	engineSocket.close();
	await rm(folder, { recursive: true });
});

/** Starts the host as the engine does; gives a client and the first line it printed. */
async function startHost() {
	const main = join(packageRoot(), "tools/language-host/main.mjs");
	const child = spawn(process.execPath, [main, "-typescript=false", `-root=${folder}`, engineAddress], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	started.push(child);
	const [port] = await once(createInterface({ input: child.stdout }), "line");
	const client = new services.LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
	const call = (method: string, request: unknown): Promise<{ toObject(): Record<string, unknown> }> =>
		new Promise((settle, refuse) => {
			client[method](request, (error: Error | null, response: { toObject(): Record<string, unknown> }) =>
				error ? refuse(error) : settle(response),
			);
		});
	return { child, call, close: () => client.close() };
}

function runRequest(options: Record<string, unknown>) {
	const info = new messages.ProgramInfo().setRootDirectory(folder).setProgramDirectory(folder).setEntryPoint(".");
	info.setOptions(Struct.fromJavaScript(options));
	const request = new messages.RunRequest().setInfo(info).setPwd(folder).setProject("phone").setStack("dev").setParallel(4);
	request.setMonitorAddress("127.0.0.1:8").setDryrun(true).setOrganization("organization");
	request.getConfigMap().set("phone:colour", "red");
	request.setConfigsecretkeysList(["phone:key"]);
	return request;
}

test("the host prints its port and says what it is", async () => {
	const host = await startHost();
	await host.call("handshake", new messages.LanguageHandshakeRequest().setEngineAddress(engineAddress));
	const about = await host.call("about", new messages.AboutRequest());
	expect(about.toObject()).toMatchObject({ executable: process.execPath, version: process.version });
	expect((await host.call("getPluginInfo", new Empty())).toObject()).toEqual({ version: "3.200.0" });
	expect((await host.call("getRequiredPackages", new messages.GetRequiredPackagesRequest())).toObject()).toEqual({
		packagesList: [],
	});
	host.close();
});

test("a program's dependencies are those of its package.json, as installed", async () => {
	const host = await startHost();
	const request = new messages.GetProgramDependenciesRequest().setPwd(folder);
	const { version } = require("yaml/package.json");
	expect((await host.call("getProgramDependencies", request)).toObject()).toEqual({
		dependenciesList: [{ name: "yaml", version }],
	});
	host.close();
});

test("what the small host cannot do is said, not crashed on", async () => {
	const host = await startHost();
	await expect(host.call("generatePackage", new messages.GeneratePackageRequest())).rejects.toThrow("Pulumi's own release");
	await host.call("about", new messages.AboutRequest());
	host.close();
});

test.each([
	["0", { error: "", bail: false }],
	["32", { error: "", bail: true }],
	["7", { error: "Program exited with non-zero exit code: 7", bail: false }],
])("a program that exits with %s", async (status, expected) => {
	// given a program that node's own arguments end before it talks to the engine
	await writeFile(join(folder, "exit.mjs"), `process.exit(${status});`);
	const host = await startHost();
	// when it is run
	const response = await host.call("run", runRequest({ typescript: false, nodeargs: "--import ./exit.mjs" }));
	// then its end is told as the engine expects it
	expect(response.toObject()).toMatchObject(expected);
	host.close();
});

test("when the engine is killed, host and program end within two seconds", async () => {
	// given an engine (a shell) that has started the host, and a program that never ends and ignores signals
	await writeFile(
		join(folder, "forever.mjs"),
		`import { writeFileSync } from "node:fs"; process.on("SIGTERM", () => {}); writeFileSync("pid", String(process.pid)); await new Promise((r) => setTimeout(r, 1e9));`,
	);
	const main = join(packageRoot(), "tools/language-host/main.mjs");
	const script = `"$0" "$1" -root=. "$2" & echo "pid $!"; wait`;
	const engine = spawn("sh", ["-c", script, process.execPath, main, engineAddress], {
		stdio: ["ignore", "pipe", "inherit"],
		cwd: folder,
	});
	started.push(engine);
	const lines = createInterface({ input: engine.stdout })[Symbol.asyncIterator]();
	const host = Number(String((await lines.next()).value).slice(4));
	const port = (await lines.next()).value;
	const client = new services.LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
	const ended = new Promise<void>((settle) => {
		client.run(runRequest({ nodeargs: "--import ./forever.mjs" }), () => settle());
	});
	await expect.poll(() => readFile(join(folder, "pid"), "utf8").catch(() => ""), { timeout: 20_000 }).not.toBe("");
	const program = Number(await readFile(join(folder, "pid"), "utf8"));
	expect([isAlive(host), isAlive(program)]).toEqual([true, true]);
	// when the engine is killed
	engine.kill("SIGKILL");
	// then nothing of it is left
	await expect.poll(() => [isAlive(host), isAlive(program)], { timeout: 2_000 }).toEqual([false, false]);
	await ended;
	client.close();
});

test("a host whose engine was killed before it had started ends too", async () => {
	engineSocket.close();
	await once(engineSocket, "close");
	const main = join(packageRoot(), "tools/language-host/main.mjs");
	const child = spawn(process.execPath, [main, "-root=.", engineAddress], { stdio: "ignore" });
	started.push(child);
	expect((await once(child, "exit"))[0]).toBe(1);
});

test("runtime options become node's arguments and the SDK's variables", () => {
	const plain = invocation(runRequest({ nodeargs: `--import tsx "--title=a b"`, typescript: false }), "127.0.0.1:9", "/sdk/run");
	expect(plain.args).toEqual([
		"--import",
		"tsx",
		"--title=a b",
		"/sdk/run",
		"--monitor=127.0.0.1:8",
		"--engine=127.0.0.1:9",
		"--organization=organization",
		"--project=phone",
		"--stack=dev",
		`--root-directory=${folder}`,
		`--pwd=${folder}`,
		"--dry-run",
		"--parallel=4",
		".",
	]);
	expect(plain.environment).toEqual({ PULUMI_CONFIG: '{"phone:colour":"red"}', PULUMI_CONFIG_SECRET_KEYS: '["phone:key"]' });
	expect(invocation(runRequest({ tsconfig: "other.json" }), "", "/sdk/run").environment).toMatchObject({
		PULUMI_NODEJS_TYPESCRIPT: "true",
		PULUMI_NODEJS_TSCONFIG_PATH: "other.json",
	});
});

test.each([
	["--a --b=c", ["--a", "--b=c"]],
	[`--x="a b" 'c d'e f\\ g`, ["--x=a b", "c de", "f g"]],
	["  ", []],
])("%j is split as a shell would", (text, expected) => expect(words(text)).toEqual(expected));
