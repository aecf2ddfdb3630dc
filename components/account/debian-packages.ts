// SPDX-License-Identifier: Apache-2.0
// The Debian packages of a guest, with what each says of itself. Their files are taken from the store, or fetched again as the lock pins them.
import { type GuestInputs, type LockEntry, type Mirrors, packageFetcher, type Store } from "../image/index.ts";
import type { Progress } from "../util/progress.ts";
import { licencesOf } from "./copyright.ts";
import { type DebFacts, debFacts } from "./deb-facts.ts";
import type { AccountedPackage } from "./packages.ts";
import { debianPurl } from "./purl.ts";

/** What work with packages is given. */
export interface AccountContext {
	readonly store: Store;
	/** Where else packages may come from: the lock's. */
	readonly mirrors?: Mirrors | undefined;
	readonly progress: Progress;
	readonly signal?: AbortSignal | undefined;
}

/** The packages of a guest that Debian's builder has made, its kernel's first. @throws UserError when a file cannot be had any more */
export async function debianPackages({ lock }: Pick<GuestInputs, "lock">, context: AccountContext): Promise<AccountedPackage[]> {
	const facts = new Map<string, DebFacts>();
	const fetch = packageFetcher(context);
	for (const entry of lock) {
		const { path } = await fetch(entry);
		facts.set(entry.name, await debFacts(entry, path, context.store, context.signal));
	}
	return lock.map((entry, index) => accounted(entry, index === 0, facts));
}

/** The packages as accounts have them, from their facts by name. */
export function accounted(entry: LockEntry, isKernel: boolean, facts: ReadonlyMap<string, DebFacts>): AccountedPackage {
	const own = facts.get(entry.name);
	if (own === undefined) throw new Error(`nothing is known of package ${entry.name}`);
	const text = copyrightText(entry.name, facts);
	return {
		name: entry.name,
		version: entry.version,
		purl: debianPurl(entry, entry.architecture),
		sha256: entry.sha256,
		...(own.summary === undefined ? {} : { summary: own.summary }),
		...(own.homepage === undefined ? {} : { homepage: own.homepage }),
		licences: text === undefined ? [{ name: "not stated in the package" }] : licencesOf(text),
		licenceTexts: text === undefined ? [] : [text],
		// Only the first alternative that is there counts; what the kernel's package wants for its installation is not in the image.
		dependsOn: isKernel ? [] : [...new Set(own.depends.flatMap((choices) => answering(choices, facts)))],
		contains: own.builtUsing.map((used) => ({ ...used, purl: debianPurl(used, "source") })),
		isKernel,
	};
}

function answering(choices: readonly string[], facts: ReadonlyMap<string, DebFacts>): string[] {
	for (const choice of choices) {
		if (facts.has(choice)) return [choice];
		const provider = [...facts].find(([, { provides }]) => provides.includes(choice));
		if (provider !== undefined) return [provider[0]];
	}
	return [];
}

function copyrightText(name: string, facts: ReadonlyMap<string, DebFacts>, depth = 0): string | undefined {
	const copyright = facts.get(name)?.copyright;
	if (copyright === undefined || "text" in copyright) return copyright?.text;
	return depth > 8 ? undefined : copyrightText(copyright.of, facts, depth + 1);
}
