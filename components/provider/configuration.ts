// SPDX-License-Identifier: Apache-2.0
// The provider's own configuration: it has no options yet, so that a mistyped one is refused instead of ignored.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { decode, encode } from "./properties.ts";

/** What the engine itself puts beside a provider's options. */
const ENGINE_OWN = ["version", "pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"];

export function checkConfig(request: providerProto.CheckRequest): providerProto.CheckResponse {
	const { values, secrets } = decode(request.getNews());
	const response = new providerProto.CheckResponse();
	response.setInputs(encode(values, secrets));
	const unknown = Object.keys(values).filter((name) => !ENGINE_OWN.includes(name));
	response.setFailuresList(
		unknown.map((name) => {
			const failure = new providerProto.CheckFailure();
			failure.setProperty(name);
			failure.setReason(`pulumi-persona has no option "${name}"; it has none`);
			return failure;
		}),
	);
	return response;
}

/** Another version of the provider goes on with the same resources. */
export function diffConfig(): providerProto.DiffResponse {
	const response = new providerProto.DiffResponse();
	response.setChanges(providerProto.DiffResponse.DiffChanges.DIFF_NONE);
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
