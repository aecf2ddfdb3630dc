// SPDX-License-Identifier: Apache-2.0
// Where Buildroot gets its packages' sources. Whatever sends them, Buildroot's own digests say what they must be.
import { resolve } from "node:path";
import { isOffline } from "../../util/network.ts";

/** Names a mirror that is asked first: a folder, or the URL of one. */
export const MIRROR_VARIABLE = "PERSONA_BUILDROOT_MIRROR";

/** Lines of configuration for the mirror; offline, nothing but what was fetched before and a mirror that is a folder of this machine. */
export function siteLines(variables: NodeJS.ProcessEnv = process.env): string[] {
	const mirror = variables[MIRROR_VARIABLE];
	const named =
		mirror === undefined || mirror === "" ? undefined : /^[a-z]+:\/\//.test(mirror) ? mirror : `file://${resolve(mirror)}`;
	if (!isOffline(variables)) return named === undefined ? [] : [`BR2_PRIMARY_SITE="${named}"`];
	const local = named?.startsWith("file:") === true ? named : "file:///nowhere";
	return [`BR2_PRIMARY_SITE="${local}"`, "BR2_PRIMARY_SITE_ONLY=y"];
}
