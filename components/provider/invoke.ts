// SPDX-License-Identifier: Apache-2.0
// Functions a program can call: getStatus, and what the Phone component asks.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { UserError } from "../util/errors.ts";
import { describePhone } from "./describe-phone.ts";
import { type Decoded, decode, encode, type Path, type Properties } from "./properties.ts";
import type { Session } from "./session.ts";

export async function invoke(session: Session, request: providerProto.InvokeRequest): Promise<providerProto.InvokeResponse> {
	const args = decode(request.getArgs());
	switch (request.getTok()) {
		case "persona:index:getStatus":
			return getStatus(session, args);
		case "persona:index:describePhone":
			return answer(await describePhone(await session.stages(), args.values));
		default:
			throw new UserError(`this version of pulumi-persona has no function ${request.getTok()}`, {
				remedy: "it has persona:index:getStatus",
			});
	}
}

async function getStatus(session: Session, { values, secrets }: Decoded): Promise<providerProto.InvokeResponse> {
	const { handset } = values;
	if (typeof handset === "string" && handset !== "") {
		const status = await (await session.stages()).handsets.status(handset);
		return answer(status, secrets.length > 0 ? Object.keys(status).map((name) => [name]) : []);
	}
	const failure = new providerProto.CheckFailure();
	failure.setProperty("handset");
	failure.setReason("give the id of a handset");
	const response = new providerProto.InvokeResponse();
	response.setFailuresList([failure]);
	return response;
}

function answer(result: Properties, secrets: readonly Path[] = []): providerProto.InvokeResponse {
	const response = new providerProto.InvokeResponse();
	response.setReturn(encode(result, secrets));
	return response;
}
