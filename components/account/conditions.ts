// SPDX-License-Identifier: Apache-2.0
// Under which conditions a phone is built again: unlike this machine's own in all that must not matter.
import { existsSync, globSync } from "node:fs";
import { jobCount } from "../util/jobs.ts";
import { run } from "../util/process.ts";

/** What is other than usual. */
export interface Conditions {
	readonly locale: string;
	readonly timeZone: string;
	/** Octal. */
	readonly umask: string;
	readonly jobs: number;
	/** Days the clock is ahead; null: it is not shifted, since libfaketime is not installed. */
	readonly clockDays: number | null;
}

/** faketime(1)'s library, as Debian and Ubuntu install it. */
const LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1";
const CLOCK_DAYS = 400;

/** Conditions unlike those of this process. */
export async function otherConditions(variables: NodeJS.ProcessEnv = process.env, umask = process.umask()): Promise<Conditions> {
	const mine = variables.LC_ALL || variables.LC_CTYPE || variables.LANG || "C";
	const { stdout } = await run("locale", ["-a"]);
	const plain = (name: string) => name.toLowerCase().replaceAll("-", "");
	const installed = stdout.split("\n").filter((name) => !/^(|C|POSIX|C\.utf-?8)$/i.test(name));
	const candidates = [...installed, "C", "C.utf8"];
	return {
		locale: candidates.find((name) => plain(name) !== plain(mine)) ?? "C",
		timeZone: variables.TZ === "Pacific/Kiritimati" ? "America/St_Johns" : "Pacific/Kiritimati",
		umask: umask === 0o077 ? "027" : "077",
		jobs: jobCount(variables) + 1,
		clockDays: clockLibrary() === undefined ? null : CLOCK_DAYS,
	};
}

/** The environment of a process under these conditions. */
export function environmentOf({ locale, timeZone, jobs, clockDays }: Conditions, variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const library = clockLibrary();
	const clock: NodeJS.ProcessEnv =
		clockDays === null || library === undefined
			? {}
			: // Files keep the times the kernel gives them, and what waits goes on waiting as long as it says.
				{ LD_PRELOAD: library, FAKETIME: `+${clockDays}d`, FAKETIME_DONT_FAKE_MONOTONIC: "1", NO_FAKE_STAT: "1" };
	// Compiled anew, without ccache.
	return { ...variables, CCACHE: undefined, LC_ALL: locale, LANG: locale, TZ: timeZone, PERSONA_JOBS: String(jobs), ...clock };
}

/** The conditions in words. */
export function describeConditions({ locale, timeZone, umask, jobs, clockDays }: Conditions): string {
	const clock = clockDays === null ? "the clock NOT shifted (libfaketime is not installed)" : `the clock ${clockDays} days ahead`;
	return `another folder, an empty store, locale ${locale}, time zone ${timeZone}, umask ${umask}, ${jobs} jobs, ${clock}`;
}

function clockLibrary(): string | undefined {
	return globSync(LIBRARY).find((path) => existsSync(path));
}
