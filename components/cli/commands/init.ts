// SPDX-License-Identifier: Apache-2.0
// `persona init`: a project of one's own, with the same two personas the package shows, ready for `npm install` and `npm run up`.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { errorCode, UserError } from "../../util/errors.ts";
import { packageRoot } from "../../util/paths.ts";
import { packageVersion } from "../../util/version.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export interface InitOptions {
	/** The project's name; the folder's by default. */
	readonly name: string | undefined;
	/** What npm installs pulumi-persona from; this version by default. */
	readonly package: string | undefined;
	readonly json: boolean;
}

/** What a folder may hold and still count as empty: what `npm init`, `npm install` and `git init` make. */
const ALLOWED = new Set([".git", ".gitignore", ".persona", "node_modules", "package.json", "package-lock.json", "README.md"]);

const PROGRAM = `// The Pulumi program: the phone of a stack is what stacks/<stack>.phone.yaml declares.
// Only this part of the SDK: loading all of it would take longer than the rest of a preview.
import { getStack } from "@pulumi/pulumi/metadata.js";
import * as persona from "pulumi-persona";

const phone = new persona.Phone("pocket", { phone: \`stacks/\${getStack()}.phone.yaml\` });

export const handset = phone.handset;
export const image = phone.key;
export const running = phone.runningKey;
`;

const IGNORED = `node_modules/
# What can be downloaded or built again
/.persona/
# The engine writes a salt into the stack file; a team with a shared backend removes these lines and commits its own
/Pulumi.*.yaml
/stacks/Pulumi.*.yaml
`;

export async function init(terminal: Terminal, folder: string | undefined, options: InitOptions): Promise<void> {
	const target = resolve(folder ?? ".");
	await mkdir(target, { recursive: true });
	const strangers = (await readdir(target)).filter((name) => !ALLOWED.has(name));
	if (strangers.length > 0) {
		throw new UserError(`is not empty: it holds ${strangers.slice(0, 3).join(", ")}`, {
			where: target,
			remedy: "go to an empty folder, or name one",
		});
	}
	const name = options.name ?? projectName(basename(target));
	if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name))
		throw new UserError(`"${name}" cannot be a project's name`, { remedy: "use letters, digits, `-`, `_` and `.`" });
	const written: string[] = [];
	const put = async (path: string, text: string) => {
		const file = join(target, path);
		await mkdir(join(file, ".."), { recursive: true });
		await writeFile(file, text);
		written.push(path);
	};
	await put("package.json", await packageJson(target, name, options.package));
	await put("Pulumi.yaml", await pulumiYaml(name));
	await put(join("stacks", "index.ts"), PROGRAM);
	await put(".gitignore", await ignored(target));
	const template = packageRoot();
	for (const path of await documents(template)) {
		const text = await readFile(join(template, path), "utf8");
		await put(path, text.replaceAll("$schema=../schemas/", "$schema=../node_modules/pulumi-persona/schemas/"));
	}
	for (const overlay of ["work", "personal"]) {
		await cp(join(template, "personas", overlay), join(target, "personas", overlay), { recursive: true });
		written.push(join("personas", overlay));
	}
	if (options.json) return printJson(terminal, { project: name, folder: target, written });
	const there = relative(process.cwd(), target);
	print(
		terminal,
		[
			`${name} is in ${target}:`,
			...written.map((path) => `  ${path}`),
			"",
			"Next:",
			...(there === "" ? [] : [`  cd ${there}`]),
			"  npm install",
			"  npm run up",
		].join("\n"),
	);
}

/** The package's own documents that make up its demo phone, and the lock they are built with. */
async function documents(template: string): Promise<string[]> {
	const personas = (await readdir(join(template, "personas"))).filter((name) => name.endsWith(".yaml"));
	const lock = await readFile(join(template, "persona.lock.yaml")).then(
		() => ["persona.lock.yaml"],
		(error: unknown) => {
			if (errorCode(error) === "ENOENT") return [];
			throw error;
		},
	);
	return [join("stacks", "dev.phone.yaml"), ...personas.sort().map((name) => join("personas", name)), ...lock];
}

/** Pulumi.yaml of the package, for a project that has the package among its modules. */
async function pulumiYaml(name: string): Promise<string> {
	const text = await readFile(join(packageRoot(), "Pulumi.yaml"), "utf8");
	return text
		.replace(/^name: .*$/m, `name: ${name}`)
		.replace(/^(\s+path:) \.\/plugin$/m, "$1 ./node_modules/pulumi-persona/plugin");
}

/** What is there stays; what a project of ours needs is added. */
async function packageJson(target: string, name: string, source: string | undefined): Promise<string> {
	const own = JSON.parse(await readFile(join(packageRoot(), "package.json"), "utf8")) as { dependencies: Record<string, string> };
	const there = JSON.parse(await readFile(join(target, "package.json"), "utf8").catch(() => "{}")) as PackageJson;
	const pulumi = own.dependencies["@pulumi/pulumi"] ?? "*";
	const result: PackageJson = {
		name: name.toLowerCase(),
		version: "0.0.0",
		private: true,
		...there,
		type: "module",
		scripts: { up: "node node_modules/pulumi-persona/tools/up.mjs", ...there.scripts },
		dependencies: {
			"@pulumi/pulumi": pulumi,
			...there.dependencies,
			...(source === undefined && there.dependencies?.["pulumi-persona"] !== undefined
				? {}
				: { "pulumi-persona": source ?? packageVersion() }),
		},
	};
	return `${JSON.stringify(result, undefined, 2)}\n`;
}

interface PackageJson {
	readonly scripts?: Record<string, string>;
	readonly dependencies?: Record<string, string>;
	readonly [key: string]: unknown;
}

async function ignored(target: string): Promise<string> {
	const there = await readFile(join(target, ".gitignore"), "utf8").catch(() => "");
	const lines = new Set(there.split("\n"));
	const missing = IGNORED.split("\n").filter((line) => line !== "" && !lines.has(line));
	return `${there}${there === "" || there.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`;
}

function projectName(folder: string): string {
	return folder.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^-+|-+$/g, "") || "phone";
}
