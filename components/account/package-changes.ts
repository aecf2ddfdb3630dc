// SPDX-License-Identifier: Apache-2.0
// Which packages of a guest came, went or have another version.
import { run } from "../util/process.ts";

/** A package as far as two lists are compared. */
export interface PackageVersion {
	readonly name: string;
	readonly version: string;
	/** Hex, of its file. */
	readonly sha256?: string;
}

/** What became of one package. */
export interface PackageChange {
	readonly name: string;
	/** `changed`: another version, and nothing here can order the two; `rebuilt`: the same version, and other bytes. */
	readonly change: "added" | "removed" | "upgraded" | "downgraded" | "changed" | "rebuilt";
	readonly old?: string;
	readonly new?: string;
}

/** Whether one version comes before another; undefined where that cannot be told. */
export type VersionOrder = (older: string, newer: string) => Promise<boolean | undefined>;

/** Debian's order of versions (deb-version(7)), as dpkg knows it. There is none of git's digests, and of what begins with no digit. */
export const debianOrder: VersionOrder = async (older, newer) => {
	const [first, second] = [older, newer].map((version) => version.replace(/^v(?=\d)/, ""));
	if (![first, second].every((version) => /^\d/.test(version ?? "") && !/^[0-9a-f]{40}$/.test(version ?? ""))) return undefined;
	const holds = (relation: string) =>
		run("dpkg", ["--compare-versions", first ?? "", relation, second ?? ""]).then(
			() => true,
			() => false,
		);
	if (await holds("lt")) return true;
	return (await holds("gt")) ? false : undefined;
};

/** What differs between two lists of packages, by name. */
export async function packageChanges(
	old: readonly PackageVersion[],
	now: readonly PackageVersion[],
	isBefore: VersionOrder = debianOrder,
): Promise<PackageChange[]> {
	const changes: PackageChange[] = [];
	for (const name of [...new Set([...old, ...now].map((one) => one.name))].sort()) {
		const before = old.find((one) => one.name === name);
		const after = now.find((one) => one.name === name);
		if (before === undefined || after === undefined) {
			changes.push({
				name,
				change: before === undefined ? "added" : "removed",
				...(before === undefined ? {} : { old: before.version }),
				...(after === undefined ? {} : { new: after.version }),
			});
		} else if (before.version !== after.version) {
			const order = await isBefore(before.version, after.version);
			const change = order === undefined ? "changed" : order ? "upgraded" : "downgraded";
			changes.push({ name, change, old: before.version, new: after.version });
		} else if (before.sha256 !== after.sha256) {
			changes.push({ name, change: "rebuilt", old: before.version, new: after.version });
		}
	}
	return changes;
}
