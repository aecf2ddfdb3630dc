// SPDX-License-Identifier: Apache-2.0
// The provider's own configuration: it has one option; a mistyped one is refused instead of ignored.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { goOffline } from "../util/network.ts";
import { decode, encode, UNKNOWN } from "./properties.ts";

/** What the engine itself puts beside a provider's options. */
const ENGINE_OWN = ["version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"];

/** The option by which nothing is fetched. The engine hands the stack's configuration on as text. */
const OFFLINE = "offline";
const VALUES = [true, false, "true", "false"];

export function checkConfig(request: providerProto.CheckRequest): providerProto.CheckResponse {
	const { values, secrets } = decode(request.getNews());
	const response = new providerProto.CheckResponse();
	response.setInputs(encode(values, secrets));
	const failures = Object.entries(values).flatMap(([name, value]) => {
		if (ENGINE_OWN.includes(name)) return [];
		if (name !== OFFLINE) return [checkFailure(name, `pulumi-persona has no option "${name}"; it has "${OFFLINE}"`)];
		const isKnown = VALUES.some((known) => known === value) || value === UNKNOWN;
		return isKnown ? [] : [checkFailure(name, `"${OFFLINE}" is true or false`)];
	});
	response.setFailuresList(failures);
	return response;
}

function checkFailure(property: string, reason: string): providerProto.CheckFailure {
	const failure = new providerProto.CheckFailure();
	failure.setProperty(property);
	failure.setReason(reason);
	return failure;
}

/** Takes the options over. Each provider that is declared is a process of its own. */
export function configure(request: providerProto.ConfigureRequest): providerProto.ConfigureResponse {
	const { [OFFLINE]: value } = decode(request.getArgs()).values;
	if (value === true || value === "true") goOffline();
	return configureResponse();
}

/** Another version of the provider goes on with the same resources. */
export function diffConfig(): providerProto.DiffResponse {
	const response = new providerProto.DiffResponse();
	response.setChanges(providerProto.DiffResponse.DiffChanges.DIFF_NONE);
	return response;
}

function configureResponse(): providerProto.ConfigureResponse {
	const response = new providerProto.ConfigureResponse();
	response.setAcceptsecrets(true);
	response.setAcceptresources(true);
	response.setAcceptoutputs(true);
	response.setSupportspreview(true);
	return response;
}
