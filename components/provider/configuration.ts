// SPDX-License-Identifier: Apache-2.0
// The provider's own configuration: a mistyped option is refused instead of ignored.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { goOffline } from "../util/network.ts";
import { decode, encode, UNKNOWN } from "./properties.ts";

/** What a provider can be configured with. */
export interface Settings {
	/** A command that signs images in place of a private key of this machine. */
	readonly signCommand?: string;
	/** Nothing is fetched. */
	readonly offline?: boolean;
}

/** What is wrong with an option's value; undefined: nothing. The engine hands a stack's configuration on as text. */
const OPTIONS: Readonly<Record<keyof Settings, (value: unknown) => string | undefined>> = {
	signCommand: (value) => (typeof value === "string" ? undefined : "must be a command for the shell, as text"),
	offline: (value) => ([true, false, "true", "false"].some((known) => known === value) ? undefined : "is true or false"),
};

/** What the engine itself puts beside a provider's options. */
const ENGINE_OWN = ["version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"];

export function checkConfig(request: providerProto.CheckRequest): providerProto.CheckResponse {
	const { values, secrets } = decode(request.getNews());
	const response = new providerProto.CheckResponse();
	response.setInputs(encode(values, secrets));
	const failures = Object.entries(values).flatMap(([name, value]) => {
		if (ENGINE_OWN.includes(name) || value === UNKNOWN) return [];
		const fault = isOption(name) ? OPTIONS[name](value) : undefined;
		if (fault !== undefined) return [checkFailure(name, `"${name}" ${fault}`)];
		const names = Object.keys(OPTIONS).map((option) => `"${option}"`);
		return isOption(name) ? [] : [checkFailure(name, `pulumi-persona has no option "${name}"; it has ${names.join(", ")}`)];
	});
	response.setFailuresList(failures);
	return response;
}

function isOption(name: string): name is keyof Settings {
	return Object.hasOwn(OPTIONS, name);
}

function checkFailure(property: string, reason: string): providerProto.CheckFailure {
	const failure = new providerProto.CheckFailure();
	failure.setProperty(property);
	failure.setReason(reason);
	return failure;
}

/** Takes the settings over. Each provider that is declared is a process of its own. */
export function configure(request: providerProto.ConfigureRequest): Settings {
	const { offline, signCommand } = decode(request.getArgs()).values;
	const isOffline = offline === true || offline === "true";
	if (isOffline) goOffline();
	return { offline: isOffline, ...(typeof signCommand === "string" && signCommand !== "" ? { signCommand } : {}) };
}

/** Another version of the provider goes on with the same resources, and so does one with other options: but it is configured anew, at once. */
export function diffConfig(request: providerProto.DiffRequest): providerProto.DiffResponse {
	const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
	const [olds, news] = [decode(request.getOldInputs() ?? request.getOlds()).values, decode(request.getNews()).values];
	const changed = Object.keys(OPTIONS).filter((name) => olds[name] !== news[name]);
	const response = new providerProto.DiffResponse();
	response.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
	response.setDiffsList(changed);
	return response;
}

export function configureResponse(): providerProto.ConfigureResponse {
	const response = new providerProto.ConfigureResponse();
	response.setAcceptsecrets(true);
	response.setAcceptresources(true);
	response.setAcceptoutputs(true);
	response.setSupportspreview(true);
	return response;
}
