// SPDX-License-Identifier: Apache-2.0
// The engine's Log call.
import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import type { Send } from "./engine.ts";

const SEVERITIES = { info: engineProto.LogSeverity.INFO, warning: engineProto.LogSeverity.WARNING } as const;

export function connect(address: string): Send {
	const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
	return (severity, urn, message, ephemeral) => {
		const request = new engineProto.LogRequest();
		request.setSeverity(SEVERITIES[severity]);
		request.setUrn(urn);
		request.setMessage(message);
		request.setEphemeral(ephemeral);
		client.log(request, () => {});
	};
}
