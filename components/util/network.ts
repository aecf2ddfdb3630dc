// SPDX-License-Identifier: Apache-2.0
// How this process reaches the network: whether it may at all, through which proxy, and how long it waits for a byte.
import type http from "node:http";
import type https from "node:https";
import { compareVersions } from "../../tools/needs.mjs";
import { isOffline } from "../../tools/network.mjs";
import { UserError } from "./errors.ts";
import type { Variables } from "./paths.ts";

export { isOffline };

/** From now on nothing may be fetched, by this process and those it starts. */
export function goOffline(): void {
	process.env.PERSONA_OFFLINE = "true";
}

/** How long a server may send nothing before it counts as stalled, in seconds: `PERSONA_NETWORK_TIMEOUT`, by default 30. */
export function networkTimeout(variables: Variables = process.env): number {
	const named = variables.PERSONA_NETWORK_TIMEOUT;
	if (named === undefined || named === "") return 30;
	const seconds = Number(named);
	if (Number.isFinite(seconds) && seconds > 0) return seconds;
	throw new UserError(`PERSONA_NETWORK_TIMEOUT is "${named}"`, { remedy: "set it to a number of seconds" });
}

/**
 * Node's own client for an address, loaded when something is asked for: it takes longer than the rest of a command's start. An import of it
 * would also read everything it exports, which loads the whole of Node's `fetch`.
 */
export function clientFor(url: URL): typeof http | typeof https {
	return process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
}

/**
 * What a request of Node's own goes through: the proxy that http_proxy, https_proxy and no_proxy name for its address, or nothing.
 *
 * @throws UserError when a proxy is named and this Node knows no proxies
 */
export function agentFor(url: URL, variables: Variables = process.env): http.Agent {
	const proxy = ["http_proxy", "https_proxy"].find((name) => variables[name] || variables[name.toUpperCase()]);
	if (proxy !== undefined && !knowsProxies(process.versions.node)) {
		throw new UserError(`Node ${process.versions.node} cannot use the proxy that ${proxy} names`, {
			remedy: "use Node 24.5 or newer, or 22.21 and newer of that line",
		});
	}
	const { Agent } = clientFor(url);
	return new Agent({ proxyEnv: variables });
}

/** Node's agents take `proxyEnv` from these versions on. */
function knowsProxies(version: string): boolean {
	return compareVersions(version, "24.5.0") >= 0 || (version.startsWith("22.") && compareVersions(version, "22.21.0") >= 0);
}
