// SPDX-License-Identifier: Apache-2.0
// `persona check`: everything that is wrong with documents, before anything is built.
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { printDocument, renderProblems } from "../../manifest/index.ts";
import { checkFiles } from "../../policy/index.ts";
import { UserError } from "../../util/errors.ts";
import { projectRoot } from "../../util/paths.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { print, printJson, type Terminal } from "../terminal.ts";

export interface CheckOptions {
	/** Print the documents with all defaults filled in. */
	readonly print: boolean;
	readonly json: boolean;
}

/** Checks the named documents; without names every phone of the project's stacks, with all that it names. */
export async function check(terminal: Terminal, files: readonly string[], options: CheckOptions): Promise<ExitCode> {
	const { problems, documents } = await checkFiles(files.length > 0 ? files : projectPhones());
	if (options.json) {
		const printed = documents.map(({ file, document }) => ({ file, document }));
		printJson(terminal, { problems, ...(options.print ? { documents: printed } : {}) });
	} else {
		if (problems.length > 0) terminal.err.write(`${renderProblems(problems)}\n`);
		if (options.print) {
			const texts = documents.map((loaded) => `# ${relative(process.cwd(), loaded.file)}\n${printDocument(loaded)}`);
			print(terminal, texts.join("---\n"));
		} else if (problems.length === 0) print(terminal, `${documents.length} documents, nothing wrong`);
		else terminal.err.write(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}\n`);
	}
	return problems.length === 0 ? EXIT.ok : EXIT.found;
}

function projectPhones(): string[] {
	const folder = join(projectRoot(), "stacks");
	const phones = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".phone.yaml")) : [];
	if (phones.length > 0) return phones.sort().map((name) => join(folder, name));
	throw new UserError(`there is no phone in ${folder}`, {
		remedy: "name the documents to check, or write stacks/<stack>.phone.yaml",
	});
}
