// SPDX-License-Identifier: Apache-2.0
// Functions a program can call: getStatus.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { UserError } from "../util/errors.ts";
import { decode, encode } from "./properties.ts";
import type { Session } from "./session.ts";

export async function invoke(session: Session, request: providerProto.InvokeRequest): Promise<providerProto.InvokeResponse> {
	const response = new providerProto.InvokeResponse();
	if (request.getTok() !== "persona:index:getStatus") {
		throw new UserError(`this version of pulumi-persona has no function ${request.getTok()}`, {
			remedy: "it has persona:index:getStatus",
		});
	}
	const { values, secrets } = decode(request.getArgs());
	const { handset } = values;
	if (typeof handset !== "string" || handset === "") {
		const failure = new providerProto.CheckFailure();
		failure.setProperty("handset");
		failure.setReason("give the id of a handset");
		response.setFailuresList([failure]);
		return response;
	}
	const result = await (await session.stages()).handsets.status(handset);
	response.setReturn(encode(result, secrets.length > 0 ? Object.keys(result).map((name) => [name]) : []));
	return response;
}
