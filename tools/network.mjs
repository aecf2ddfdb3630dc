// SPDX-License-Identifier: Apache-2.0
// Whether anything may be fetched, and what commands need to find the proxy. Dependency-free JavaScript, because set-up needs it before
// anything is installed.

/** @typedef {import("./folders.mjs").Variables} Variables */

/** What names a proxy, and what is asked without one; each in small and capital letters. */
const PROXY = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]);
/** Never behind a proxy: the engine and its plugins talk to each other on this machine. */
const LOCAL = ["localhost", "127.0.0.1", "::1"];

/**
 * Whether nothing may be fetched: `--offline` and the provider's option `offline` set `PERSONA_OFFLINE` for a process and all it starts.
 * @param {Variables} variables
 */
export function isOffline(variables = process.env) {
	return !["", "0", "false", "no"].includes((variables.PERSONA_OFFLINE ?? "").toLowerCase());
}

/**
 * The variables that name proxies, as `NAME=value`, for commands that are started without this environment, as by sudo.
 * @param {Variables} variables
 * @returns {string[]}
 */
export function proxyAssignments(variables = process.env) {
	return PROXY.flatMap((name) => (variables[name] ? [`${name}=${variables[name]}`] : []));
}

/**
 * Where a proxy is named, `no_proxy` with this machine in it: gRPC for Node would ask the proxy for the engine itself otherwise.
 * @param {Variables} variables
 * @returns {Record<string, string>}
 */
export function withoutProxyHere(variables = process.env) {
	if (!PROXY.some((name) => !/^no/i.test(name) && variables[name])) return {};
	const before = variables.no_proxy || variables.NO_PROXY || "";
	const hosts = before.split(",").filter((host) => host !== "");
	const missing = LOCAL.filter((host) => !hosts.includes(host));
	if (missing.length === 0 || hosts.includes("*")) return {};
	const value = [...hosts, ...missing].join(",");
	return { no_proxy: value, NO_PROXY: value };
}
