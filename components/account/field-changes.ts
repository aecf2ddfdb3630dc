// SPDX-License-Identifier: Apache-2.0
// How two plain values differ, field by field: what a reviewer reads of policies and settings.
import { canonicalJson } from "../util/digest.ts";

/** One field that is not the same; `old` or `new` is missing where it was not there. */
export interface FieldChange {
	/** `networks.work.egress`; of a list, an item of which came or went, the list's own. */
	readonly field: string;
	readonly old?: unknown;
	readonly new?: unknown;
}

/** The fields that differ. The order of a list's items is no difference: what is listed counts. */
export function fieldChanges(old: unknown, now: unknown, field = ""): FieldChange[] {
	if (same(old, now)) return [];
	if (Array.isArray(old) && Array.isArray(now)) return listChanges(old, now, field);
	if (isRecord(old) && isRecord(now)) {
		const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
		return names.flatMap((name) => fieldChanges(own(old, name), own(now, name), field === "" ? name : `${field}.${name}`));
	}
	return [{ field, ...(old === undefined ? {} : { old }), ...(now === undefined ? {} : { new: now }) }];
}

/** Where one is missing they are the same if both are: `null` is a value as any other. */
function same(old: unknown, now: unknown): boolean {
	if (old === undefined || now === undefined) return old === now;
	return canonicalJson(old) === canonicalJson(now);
}

function listChanges(old: readonly unknown[], now: readonly unknown[], field: string): FieldChange[] {
	const only = (list: readonly unknown[], other: readonly unknown[]) => {
		const there = new Map<string, number>();
		for (const text of other.map(canonicalJson)) there.set(text, (there.get(text) ?? 0) + 1);
		return list.filter((item) => {
			const text = canonicalJson(item);
			const left = there.get(text) ?? 0;
			there.set(text, left - 1);
			return left <= 0;
		});
	};
	const changes = [
		...only(old, now).map((item) => ({ field, old: item })),
		...only(now, old).map((item) => ({ field, new: item })),
	];
	// The same items in another order: then the order is all there is to tell.
	return changes.length > 0 ? changes : [{ field, old, new: now }];
}

/** Of its own: `toString` may be a name, too. */
function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
	return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
