// SPDX-License-Identifier: Apache-2.0
// How failures travel to the engine: gRPC errors, and errors that carry the state a resource was left in.
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import { isAbort, renderError, UserError } from "../util/errors.ts";
import { encode, type Path, type Properties } from "./properties.ts";

/** The resource exists, in the state given, but is not as declared. The engine keeps the state and tries an update next time. */
export class PartialFailure extends Error {
	readonly id: string;
	readonly outputs: Properties;

	constructor(id: string, outputs: Properties, cause: unknown) {
		super(messageOf(cause), { cause });
		this.name = "PartialFailure";
		this.id = id;
		this.outputs = outputs;
	}
}

/** What the user reads about a thrown value: no stack for a user's fault or a cancellation, all of it for a bug. */
export function messageOf(error: unknown): string {
	if (error instanceof PartialFailure) return error.message;
	// A time limit is a user's choice, and says so in the cause.
	if (error instanceof Error && isAbort(error)) return error.cause instanceof UserError ? error.cause.render() : "cancelled";
	if (error instanceof UserError) return error.render();
	return `this is a bug in pulumi-persona; please report it with these lines:\n${renderError(error)}`;
}

/** Any thrown value as the error a gRPC call is answered with. */
export function serviceError(error: unknown): ServiceError {
	const message = messageOf(error);
	const code = isAbort(error) ? status.CANCELLED : status.UNKNOWN;
	return Object.assign(new Error(message), { code, details: message, metadata: new Metadata() });
}

/** The answer to a call that left a resource half done: its inputs and state are in the error's details. */
export function partialError(
	failure: PartialFailure,
	inputs: Properties,
	secrets: readonly Path[],
	refresh: boolean,
): ServiceError {
	const detail = new providerProto.ErrorResourceInitFailed();
	detail.setId(failure.id);
	detail.setInputs(encode(inputs, secrets));
	detail.setProperties(encode(failure.outputs, secrets));
	detail.setReasonsList([failure.message]);
	detail.setRefreshBeforeUpdate(refresh);
	const packed = new anyProto.Any();
	packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
	const answer = new statusProto.Status();
	answer.setCode(status.UNKNOWN);
	answer.setMessage(failure.message);
	answer.addDetails(packed);
	const metadata = new Metadata();
	// The field gRPC gives structured details in; grpc-js has no function for it.
	metadata.add("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
	return Object.assign(new Error(failure.message), { code: status.UNKNOWN, details: failure.message, metadata });
}
