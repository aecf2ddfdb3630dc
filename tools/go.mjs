// SPDX-License-Identifier: Apache-2.0
// Builds Pulumi's engine from Go modules. Any Go since 1.16 will do to start with: one that is too old for the engine's sources fetches
// a current one, which is itself served as a module.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, SetupError, say } from "./console.mjs";
import { ENGINE_PACKAGE, engineSources } from "./engine-sources.mjs";
import { compareVersions, ENGINE_MINIMUM, findCommand } from "./needs.mjs";

/** Changed whenever the way of building makes another engine, so that one built in another way is not taken for this one. */
export const BUILD_RECIPE = "2";
/** The oldest Go that compiles the engine (tools/engine/go.mod). */
const GO_MINIMUM = "1.24";
/** The Go that is fetched where the machine's is older, with the sum the Go checksum database has for it. */
const GO_TOOLCHAIN = { version: "v0.0.1-go1.26.8.linux-amd64", sum: "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=" };
/** Modules, compiler output and the toolchain while the engine is being built. */
const NEEDED_BYTES = 3.5e9;

/**
 * Builds the engine. What is downloaded and compiled on the way is kept in `work` until the build has succeeded, so that an
 * interrupted build goes on where it was.
 * @param {string} source folder with what {@link engineSources} needs
 * @param {string} target path of the executable to make
 * @param {string} work
 */
export async function buildEngine(source, target, work) {
	mkdirSync(work, { recursive: true });
	const space = statfsSync(work);
	if (space.bavail * space.bsize < NEEDED_BYTES) {
		throw new SetupError(
			`building the engine needs 3.5 GB in ${work} for a few minutes; ${Math.floor((space.bavail * space.bsize) / 1e9)} GB are free`,
		);
	}
	const environment = {
		...process.env,
		GOPATH: work,
		GOMODCACHE: join(work, "modules"),
		GOCACHE: join(work, "compiled"),
		GOFLAGS: "-modcacherw -mod=readonly",
		GOTOOLCHAIN: "local",
		GOWORK: "off",
		GO111MODULE: "on",
		CGO_ENABLED: "0",
		// Memory for time: a compiler process collects garbage only when it has taken a gigabyte. The largest packages take half of that.
		GOGC: "off",
		GOMEMLIMIT: "1GiB",
		// Where the go command keeps its telemetry.
		XDG_CONFIG_HOME: join(work, "config"),
	};
	const go = await currentGo(work, environment);
	say(`building Pulumi's engine ${ENGINE_MINIMUM} from its Go modules, once for all clones; this takes a few minutes`);
	const cwd = await engineSources(go, source, work, environment);
	const packages = (await run(go, ["list", "-deps", ENGINE_PACKAGE], { cwd, env: environment })).trim().split("\n").length;
	let compiled = 0;
	let told = Date.now();
	const partial = `${target}.partial`;
	mkdirSync(dirname(target), { recursive: true });
	const version = `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${ENGINE_MINIMUM}`;
	// What debuggers want to know would not get into the executable, so it is not made in the first place.
	const without = ["-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"];
	await run(go, ["build", "-v", ...without, "-ldflags", `-s -w -X ${version}`, "-o", partial, ENGINE_PACKAGE], {
		cwd,
		env: environment,
		onLine: () => {
			compiled++;
			if (Date.now() - told < 15_000) return;
			told = Date.now();
			say(`building the engine: ${Math.min(compiled, packages)} of ${packages} packages`);
		},
	});
	renameSync(partial, target);
	rmSync(work, { recursive: true, force: true });
}

/**
 * The machine's Go where it is new enough, else one fetched by it.
 * @param {string} work
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<string>} path of the command
 */
async function currentGo(work, environment) {
	const go = findCommand("go") ?? findCommand("go", { PATH: "/usr/local/go/bin:/usr/lib/go/bin" });
	if (go === undefined) throw new SetupError("Go is needed to build the engine: install golang-go");
	const said = spawnSync(go, ["version"], { encoding: "utf8", env: environment, cwd: work });
	const version = /go(\d+\.\d+(?:\.\d+)?)/.exec(said.stdout ?? "")?.[1] ?? "0";
	if (compareVersions(version, GO_MINIMUM) >= 0) return go;
	if (process.arch !== "x64")
		throw new SetupError(`Go ${version} is too old to build the engine; install Go ${GO_MINIMUM} or newer`);
	say(`this machine's Go is ${version}, the engine needs ${GO_MINIMUM}: fetching a current one`);
	// The sum is checked here, so the checksum database need not be asked.
	const fetched = JSON.parse(
		await run(go, ["mod", "download", "-json", `golang.org/toolchain@${GO_TOOLCHAIN.version}`], {
			cwd: work,
			env: { ...environment, GOFLAGS: "-modcacherw", GONOSUMDB: "golang.org/toolchain" },
		}),
	);
	if (fetched.Sum !== GO_TOOLCHAIN.sum)
		throw new SetupError(`the Go that was fetched is not what was expected (${fetched.Sum}); it is not used`);
	makeUsable(fetched.Dir);
	return join(fetched.Dir, "bin", "go");
}

/**
 * A module can hold neither executable bits nor a nested go.mod; the go command itself puts both right in the same way.
 * @param {string} folder
 */
function makeUsable(folder) {
	for (const tools of [
		join(folder, "bin"),
		...readdirSync(join(folder, "pkg", "tool")).map((name) => join(folder, "pkg", "tool", name)),
	]) {
		for (const name of readdirSync(tools)) chmodSync(join(tools, name), 0o755);
	}
	for (const part of ["src", join("src", "cmd")]) {
		if (existsSync(join(folder, part, "_go.mod"))) copyFileSync(join(folder, part, "_go.mod"), join(folder, part, "go.mod"));
	}
}
