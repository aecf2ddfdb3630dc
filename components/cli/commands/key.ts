// SPDX-License-Identifier: Apache-2.0
// `persona key`: makes, lists and rotates the keys that sign images. Private ones never leave this machine's own folder, and nothing shows them.
import { mkdir, open, rm } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { projectDocuments } from "../../image/index.ts";
import { documentFolder, type Loaded, type Phone } from "../../manifest/index.ts";
import { loadAndCheckPhone } from "../../policy/index.ts";
import { checkKeyName, listPrivateKeys, makePrivateKey, type PublicKey, publicKeyPem } from "../../signing/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { projectRoot } from "../../util/paths.ts";
import { table } from "../../util/table.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { currentProject, projectPublicKeys, publicKeyPath } from "../public-keys.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

/** A key that was made. */
interface Made {
	readonly name: string;
	readonly fingerprint: string;
	/** The private one; it is not to be moved into the project. */
	readonly privateKey: string;
	readonly publicKey: string;
}

export async function keyNew(
	terminal: Terminal,
	name: string,
	options: { readonly out: string | undefined; readonly json: boolean },
): Promise<void> {
	const made = await makeKey(name, options.out);
	if (options.json) return printJson(terminal, made);
	printMade(terminal, made);
	print(
		terminal,
		`Declare it in a Phone document, by its path from there:\n  signing: { key: ${shownFrom("stacks", made.publicKey)}, version: 1 }`,
	);
}

export async function keyList(terminal: Terminal, options: { readonly json: boolean }): Promise<ExitCode> {
	const held = await listPrivateKeys();
	const published = await projectPublicKeys();
	const entries = [
		...held.map(({ name, path, publicKey, problem }) => ({
			name,
			fingerprint: publicKey?.fingerprint ?? null,
			privateKey: path,
			publicKey: published.find(({ hex }) => hex === publicKey?.hex)?.path ?? null,
			problem: problem ?? null,
		})),
		...published
			.filter(({ hex }) => !held.some(({ publicKey }) => publicKey?.hex === hex))
			.map(({ name, fingerprint, path }) => ({ name, fingerprint, privateKey: null, publicKey: path, problem: null })),
	];
	const code = entries.some(({ problem }) => problem !== null) ? EXIT.found : EXIT.ok;
	if (options.json) printJson(terminal, { keys: entries });
	else if (entries.length === 0) print(terminal, "no keys; `persona key new NAME` makes one");
	else
		print(
			terminal,
			table(
				["KEY", "FINGERPRINT", "PRIVATE KEY", "PUBLIC KEY"],
				entries.map(({ name, fingerprint, privateKey, publicKey, problem }) => [
					name,
					fingerprint ?? "-",
					problem === null ? (privateKey ?? "elsewhere") : styled(terminal, "red", `${privateKey ?? ""} ${problem}`),
					publicKey === null ? "not in this project" : relative(process.cwd(), publicKey),
				]),
			),
		);
	return code;
}

/** A phone that an old key signs, and the two declarations on its way to the new one. */
interface Step {
	readonly phone: string;
	readonly first: string;
	readonly second: string;
}

export async function keyRotate(
	terminal: Terminal,
	name: string,
	options: { readonly to: string | undefined; readonly json: boolean },
): Promise<void> {
	const project = projectRoot();
	const published = await projectPublicKeys(project);
	const old = published.find((key) => key.name === name);
	if (old === undefined) {
		throw new UserError(`the project has no key ${name}`, {
			where: publicKeyPath(project, name),
			remedy: published.length === 0 ? "`persona key new` makes one" : `it has: ${published.map((key) => key.name).join(", ")}`,
		});
	}
	const taken = [...published, ...(await listPrivateKeys())].map((key) => key.name);
	const made = await makeKey(options.to ?? nextName(name, taken), undefined);
	const steps = await stepsOf(project, old, made.publicKey);
	if (options.json) return printJson(terminal, { ...made, replaces: old.fingerprint, steps });
	printMade(terminal, made);
	print(terminal, "It takes two releases, for a handset accepts no image of a key that the one before did not trust.");
	const phones = (line: "first" | "second") => steps.map((step) => `  ${step.phone}\n    ${step[line]}`).join("\n");
	if (steps.length === 0) {
		const [before, after] = [old.path, made.publicKey].map((path) => shownFrom("stacks", path));
		print(terminal, `No phone of this project is signed by ${name}. In others, with versions of theirs:`);
		print(terminal, `1. The old key signs, both are trusted:\n  ${declaration(before ?? "", [after ?? ""], "N + 1")}`);
		print(terminal, `2. When every handset runs that, the new key signs:\n  ${declaration(after ?? "", [], "N + 2")}`);
		return;
	}
	print(terminal, `1. The old key signs, both are trusted. Declare this and run \`pulumi up\`:\n${phones("first")}`);
	print(terminal, `2. When every handset runs that, the new key signs alone:\n${phones("second")}`);
	print(terminal, "Then remove the old private key from where it is kept.");
}

async function makeKey(name: string, out: string | undefined): Promise<Made> {
	checkKeyName(name);
	const project = currentProject();
	if (out === undefined && project === undefined)
		throw new UserError("no Pulumi project here, into which the public key would go", { remedy: "say where it goes: --out FILE" });
	const path = resolve(out ?? publicKeyPath(project ?? "", name));
	await mkdir(dirname(path), { recursive: true });
	// Made first and filled last: a name that is taken is found before there is a private key.
	const file = await open(path, "wx", 0o644).catch((error: unknown) => {
		if (errorCode(error) !== "EEXIST") throw error;
		throw new UserError("is there already", { where: path, remedy: "choose another name; no key is overwritten" });
	});
	try {
		const { publicKey, path: privateKey } = await makePrivateKey(name, project);
		if (publicKey === undefined) throw new Error("a key was made without its public part");
		await file.writeFile(publicKeyPem(publicKey));
		return { name, fingerprint: publicKey.fingerprint, privateKey, publicKey: path };
	} catch (error) {
		await rm(path, { force: true });
		throw error;
	} finally {
		await file.close();
	}
}

function printMade(terminal: Terminal, { name, fingerprint, privateKey, publicKey }: Made): void {
	print(terminal, `key ${name}: ${fingerprint}`);
	print(terminal, `  private: ${privateKey}   (yours alone: keep a copy where nobody else gets at it)`);
	print(terminal, `  public:  ${relative(process.cwd(), publicKey)}   (commit it)`);
}

/** `release` is followed by `release-2`, that by `release-3`. */
function nextName(name: string, taken: readonly string[]): string {
	const [, stem = name, number = "1"] = /^(.*?)(?:-(\d+))?$/.exec(name) ?? [];
	for (let next = Number(number) + 1; ; next++) if (!taken.includes(`${stem}-${next}`)) return `${stem}-${next}`;
}

async function stepsOf(project: string, old: PublicKey, publicKey: string): Promise<Step[]> {
	const steps: Step[] = [];
	for (const file of (await projectDocuments(project)).phones) {
		const { draft } = await loadAndCheckPhone(file);
		const { phone, signing } = draft;
		if (phone === undefined || signing?.key.hex !== old.hex) continue;
		const next = shownPath(phone, publicKey);
		steps.push({
			phone: relative(process.cwd(), file),
			first: declaration(signing.file, [next], signing.version + 1),
			second: declaration(next, [], signing.version + 2),
		});
	}
	return steps;
}

function shownPath(phone: Loaded<Phone>, file: string): string {
	return relative(documentFolder(phone), file);
}

/** A file as a document in that folder of the project names it. */
function shownFrom(folder: string, file: string): string {
	return relative(resolve(currentProject() ?? ".", folder), file);
}

function declaration(key: string, alsoTrusted: readonly string[], version: number | string): string {
	const trusted = alsoTrusted.length === 0 ? "" : `, alsoTrusted: [${alsoTrusted.join(", ")}]`;
	return `signing: { key: ${key}${trusted}, version: ${version} }`;
}
