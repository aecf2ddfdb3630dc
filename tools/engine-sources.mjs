// SPDX-License-Identifier: Apache-2.0
// The engine's sources as they are built: Pulumi's module as published, without what only clouds need (docs/decisions/0111).
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { run, SetupError } from "./console.mjs";

const MODULE = "github.com/pulumi/pulumi/pkg/v3";
/** Its command. */
export const ENGINE_PACKAGE = `${MODULE}/cmd/pulumi`;
/** The parts that talk to clouds; `tools/engine/instead` has what says so in their place. */
const LEFT_OUT = ["operations/operations_aws.go", "operations/operations_gcp.go"];
/** What else stands in the way of leaving them out, and a list of passwords that would be read twice at each start. */
const CHANGED = [
	{ file: "backend/diy/backend.go", from: /^.*"gocloud\.dev\/blob\/(azureblob|gcsblob|s3blob)".*\n/gm, to: "", times: 3 },
	{ file: "backend/diy/backend.go", from: /\bgcsblob\.Scheme\b/g, to: '"gs"', times: 1 },
	{
		file: "cmd/pulumi/config/config.go",
		from: /"github\.com\/nbutton23\/zxcvbn-go"/g,
		to: '"github.com/ccojocar/zxcvbn-go"',
		times: 1,
	},
];

/**
 * Makes the module from which the engine is built.
 * @param {string} go the go command
 * @param {string} source folder with go.mod, go.sum and `instead`
 * @param {string} work
 * @param {NodeJS.ProcessEnv} environment the go command's
 * @returns {Promise<string>} the module's folder
 */
export async function engineSources(go, source, work, environment) {
	const folder = join(work, "engine");
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder);
	for (const file of ["go.mod", "go.sum"]) cpSync(join(source, file), join(folder, file));
	const said = await run(go, ["mod", "download", "-json", MODULE], { cwd: folder, env: environment });
	const { Dir: published } = JSON.parse(said);
	const changed = join(folder, "pkg");
	cpSync(published, changed, {
		recursive: true,
		filter: (path) => basename(path) !== "testdata" && !path.endsWith("_test.go") && !LEFT_OUT.includes(relative(published, path)),
	});
	cpSync(join(source, "instead"), changed, { recursive: true });
	for (const change of CHANGED) applyTo(join(changed, change.file), change);
	await run(go, ["mod", "edit", `-replace=${MODULE}=./pkg`], { cwd: folder, env: environment });
	return folder;
}

/**
 * @param {string} path
 * @param {(typeof CHANGED)[number]} change
 */
function applyTo(path, { file, from, to, times }) {
	const before = readFileSync(path, "utf8");
	if ((before.match(from) ?? []).length !== times) throw new SetupError(`the engine's ${file} is not what was expected`);
	writeFileSync(path, before.replaceAll(from, to));
}
