// SPDX-License-Identifier: Apache-2.0
// What differs between two sets of inputs, field by field, under the names the documents give the fields.
import { isObject, type Path, type Properties, sameValue, type Value } from "./properties.ts";

export interface Change {
	readonly path: Path;
	readonly kind: "add" | "delete" | "update";
	/** True when old and new inputs differ; false when it is the observed state that differs from the inputs. */
	readonly input: boolean;
}

/** Changes from `olds` to `news`; an unknown value counts as changed. Top-level names in `except` are left out. */
export function differences(olds: Properties, news: Properties, except: ReadonlySet<string> = new Set()): Change[] {
	const found: Change[] = [];
	const compare = (old: Value | undefined, now: Value | undefined, path: Path): void => {
		if (old === undefined && now === undefined) return;
		if (old === undefined) found.push({ path, kind: "add", input: true });
		else if (now === undefined) found.push({ path, kind: "delete", input: true });
		else if (Array.isArray(old) && Array.isArray(now)) {
			for (let i = 0; i < Math.max(old.length, now.length); i++) compare(old[i], now[i], [...path, i]);
		} else if (isObject(old) && isObject(now)) {
			for (const key of keysOf(old, now)) compare(old[key], now[key], [...path, key]);
		} else if (!sameValue(old, now)) found.push({ path, kind: "update", input: true });
	};
	for (const key of keysOf(olds, news)) if (!except.has(key)) compare(olds[key], news[key], [key]);
	return found;
}

function keysOf(a: Properties, b: Properties): string[] {
	return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

/** A path the way Pulumi writes it: `policy.networks.work.egress[0]`, `overlay["etc/motd"]`. */
export function formatPath(path: Path): string {
	return path
		.map((step, index) => {
			if (typeof step === "number") return `[${step}]`;
			if (/^[\w$-]+$/.test(step)) return index === 0 ? step : `.${step}`;
			return `[${JSON.stringify(step)}]`;
		})
		.join("");
}
