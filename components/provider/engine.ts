// SPDX-License-Identifier: Apache-2.0
// The way back to the engine: progress in the status column, and warnings that stay.
import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";

export interface EngineLog {
	/** Shows a line in the resource's status column until the next one comes. */
	progress(urn: string, message: string): void;
	/** Prints a warning under the resource's name. */
	warn(urn: string, message: string): void;
}

/** A log for when there is no engine to tell. */
export const noLog: EngineLog = { progress: () => {}, warn: () => {} };

/** Connects to the engine at `address` (host:port). Lines that cannot be delivered are dropped: work goes on without them. */
export function engineLog(address: string): EngineLog {
	const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
	const send = (severity: engineProto.LogSeverity, urn: string, message: string, ephemeral: boolean) => {
		const request = new engineProto.LogRequest();
		request.setSeverity(severity);
		request.setUrn(urn);
		request.setMessage(message);
		request.setEphemeral(ephemeral);
		client.log(request, () => {});
	};
	return {
		progress: (urn, message) => send(engineProto.LogSeverity.INFO, urn, message, true),
		warn: (urn, message) => send(engineProto.LogSeverity.WARNING, urn, message, false),
	};
}
