// SPDX-License-Identifier: Apache-2.0
// What Buildroot says while it works: which package is at which step, and where it stopped.

/** A step of a package, or of Buildroot itself, whose package is then empty. */
export interface Step {
	package: string;
	version: string;
	step: string;
}

/** The step that a line begins; undefined for all other lines. `>>> busybox 1.38.0 Building`, `>>>   Finalizing target directory` */
export function stepOf(line: string): Step | undefined {
	const match = /^>>> (\S*) (\S*) (.+)$/.exec(plain(line));
	if (match === null) return undefined;
	const [, name = "", version = "", step = ""] = match;
	return { package: name, version, step };
}

/** A step in a few words. */
export function stepText({ package: name, version, step }: Step): string {
	const what = step.replace(/^[A-Z]/, (first) => first.toLowerCase());
	return name === "" ? what : `${name}${version === "" ? "" : ` ${version}`}: ${what}`;
}

/** Whether a line tells of a file that Linux' makefiles compile: `  CC      init/main.o` */
export function isCompiled(line: string): boolean {
	return /^ {2}(AS|CC) {3,}\S+\.o$/.test(line);
}

/** Where a build stopped. */
export interface Stop {
	package?: string;
	/** As Buildroot's stamps have it: downloaded, extracted, patched, configured, built, installed … */
	step: string;
	/** The last lines before it. */
	tail: string[];
}

const TAIL = 12;

/** Where a build stopped, from all that was said; undefined when nothing there tells. */
export function stopOf(said: readonly string[]): Stop | undefined {
	const all = said.map(plain);
	// Of builds at the same time the first to fail is the reason; make repeats it for each level.
	const at = all.findIndex(
		(line) => /^make(\[\d+\])?: \*\*\* \[/.test(line) && /\.stamp_|target-finalize|\/images\/|fs\//.test(line),
	);
	const line = all[at];
	if (line === undefined) return undefined;
	const stamp = /\/build\/([^/\]]+)\/\.stamp_(\w+)\]/.exec(line);
	const target = /: (\S+)\] /.exec(line)?.[1] ?? "";
	const tail = all
		.slice(0, at)
		.filter((before) => before.trim() !== "" && !/^make(\[\d+\])?: (\*\*\* Waiting|Leaving|Entering)/.test(before))
		.slice(-TAIL);
	if (stamp === null) return { step: target.replace(/^.*\//, ""), tail };
	const [, folder = "", step = ""] = stamp;
	const known = all
		.map(stepOf)
		.find(
			(begun) =>
				begun !== undefined && begun.package !== "" && [begun.package, `${begun.package}-${begun.version}`].includes(folder),
		);
	return { package: known?.package ?? folder, step, tail };
}

function plain(line: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's escapes are what is taken out.
	return line.replace(/\x1b\[[0-9;]*m/g, "");
}
