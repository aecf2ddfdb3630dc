// SPDX-License-Identifier: Apache-2.0
// Finds a board's document by its name.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { packageRoot, UserError } from "../util/index.ts";
import { checkSource, readSource } from "./document.ts";
import type { Loaded } from "./loaded.ts";
import { type Problem, renderProblem } from "./problem.ts";
import { plainText } from "./shown.ts";
import { didYouMean } from "./suggest.ts";
import type { Board } from "./types.ts";

/** The board of that name: from `boards/` of the project folder, else the package's own. Throws a UserError when there is none or it is wrong. */
export async function boardByName(name: string, projectDir: string = process.cwd()): Promise<Loaded<Board>> {
	const { board, fault, problems } = await findBoard(name, projectDir);
	if (fault !== undefined) throw new UserError(fault);
	if (board === undefined) throw new UserError(problems.map((problem) => renderProblem(problem)).join("\n"));
	return board;
}

/** The same as a result: `fault` says why there is no such board, `problems` are those of its document. */
export async function findBoard(
	name: string,
	projectDir: string,
): Promise<{ board?: Loaded<Board>; fault?: string; problems: readonly Problem[] }> {
	const folders = [...new Set([path.join(path.resolve(projectDir), "boards"), path.join(packageRoot(), "boards")])];
	const known = [...new Set(folders.flatMap(boardNames))].sort();
	const folder = folders.find((candidate) => boardNames(candidate).includes(name));
	if (folder === undefined) {
		const fault = `there is no board "${plainText(name, 60)}"; allowed: ${known.join(", ")}${didYouMean(name, known)}`;
		return { fault, problems: [] };
	}
	const file = path.join(folder, name, "board.yaml");
	const { loaded, problems } = checkSource("Board", readSource(file));
	if (loaded === undefined) return { problems };
	if (loaded.document.name !== name) {
		const place = loaded.positions.value(["name"]);
		return {
			problems: [{ file, ...place, message: `"name" is "${loaded.document.name}"; allowed: the name of its folder, ${name}` }],
		};
	}
	return { board: loaded, problems: [] };
}

function boardNames(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "board.yaml")));
}
