// SPDX-License-Identifier: Apache-2.0
// The gRPC service: every call of the protocol gets an answer, whatever happens inside.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
	type handleUnaryCall,
	Server,
	ServerCredentials,
	type ServerUnaryCall,
	type sendUnaryData,
	status,
	type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { packageRoot } from "../util/paths.ts";
import { packageVersion } from "../util/version.ts";
import { checkConfig, configure, configureResponse, diffConfig } from "./configuration.ts";
import { engineLog } from "./engine.ts";
import { serviceError } from "./failure.ts";
import type { Session } from "./session.ts";

/** Messages may be as large as the engine's own limit (sdk/go/common/util/rpcutil). */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** Makes a handler that answers exactly once: with what `work` gives, or with an error that says what went wrong. */
function total<Request, Response>(work: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> {
	return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => {
		Promise.resolve()
			.then(() => work(call.request))
			.then(
				(response) => answer(null, response),
				(error: unknown) => answer("code" in Object(error) && "metadata" in Object(error) ? (error as never) : serviceError(error)),
			);
	};
}

/** What serves resources is loaded when it is asked for: the engine starts one process just to check the provider's configuration. */
const resources = () => import("./resource-calls.ts");

/** The calls that a provider may leave out; the engine then does without. */
function unimplemented(name: string): handleUnaryCall<unknown, unknown> {
	return (_call, answer) => answer({ code: status.UNIMPLEMENTED, details: `pulumi-persona does not serve ${name}` });
}

export function service(session: Session): UntypedServiceImplementation {
	return {
		handshake: total(async (request: providerProto.ProviderHandshakeRequest) => {
			if (request.getEngineAddress() !== "") session.connect(request.getEngineAddress(), engineLog);
			const response = new providerProto.ProviderHandshakeResponse();
			response.setAcceptSecrets(true);
			response.setAcceptResources(true);
			response.setAcceptOutputs(true);
			return response;
		}),
		attach: total(async (request: pluginProto.PluginAttach) => {
			session.connect(request.getAddress(), engineLog);
			return new emptyProto.Empty();
		}),
		getPluginInfo: total(async () => {
			const response = new pluginProto.PluginInfo();
			response.setVersion(packageVersion());
			return response;
		}),
		getSchema: total(async () => {
			const response = new providerProto.GetSchemaResponse();
			response.setSchema(await readFile(join(packageRoot(), "schema.json"), "utf8"));
			return response;
		}),
		parameterize: unimplemented("Parameterize"),
		checkConfig: total(async (request: providerProto.CheckRequest) => checkConfig(request)),
		diffConfig: total(async (request: providerProto.DiffRequest) => diffConfig(request)),
		configure: total(async (request: providerProto.ConfigureRequest) => {
			session.settings = configure(request);
			session.warmUp();
			return configureResponse();
		}),
		invoke: total(async (request: providerProto.InvokeRequest) => (await import("./invoke.ts")).invoke(session, request)),
		call: unimplemented("Call"),
		check: total(async (request: providerProto.CheckRequest) => (await resources()).check(session, request)),
		diff: total(async (request: providerProto.DiffRequest) => (await resources()).diff(session, request)),
		create: total(async (request: providerProto.CreateRequest) => (await resources()).create(session, request)),
		read: total(async (request: providerProto.ReadRequest) => (await resources()).read(session, request)),
		update: total(async (request: providerProto.UpdateRequest) => (await resources()).update(session, request)),
		delete: total(async (request: providerProto.DeleteRequest) => (await resources()).remove(session, request)),
		construct: total(async (request: providerProto.ConstructRequest) =>
			(await import("./construct.ts")).construct(session, request),
		),
		cancel: total(async () => {
			session.cancel();
			return new emptyProto.Empty();
		}),
		getMapping: total(async () => new providerProto.GetMappingResponse()),
		getMappings: total(async () => new providerProto.GetMappingsResponse()),
	};
}

/** Starts serving on a free local port and gives the port. */
export async function serve(session: Session): Promise<{ port: number; server: Server }> {
	const server = new Server({
		"grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
		"grpc.max_send_message_length": MAX_MESSAGE_BYTES,
	});
	server.addService(providerGrpc.ResourceProviderService, service(session));
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error === null ? resolve(bound) : reject(error),
		);
	});
	return { port, server };
}
