// SPDX-License-Identifier: Apache-2.0
// Construct: the Phone component for programs in every language, run in this process on the SDK's own runtime modules.
import type { AsyncLocalStorage } from "node:async_hooks";
import pulumi from "@pulumi/pulumi";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import sdkServer from "@pulumi/pulumi/provider/server.js";
import sdkConfig from "@pulumi/pulumi/runtime/config.js";
import sdkRpc from "@pulumi/pulumi/runtime/rpc.js";
import sdkSettings from "@pulumi/pulumi/runtime/settings.js";
import sdkState from "@pulumi/pulumi/runtime/state.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { Phone, type PhoneArgs } from "../phone.ts";
import { UserError } from "../util/errors.ts";
import type { Session } from "./session.ts";

const TYPE = "persona:index:Phone";

/** What the SDK's modules export without declaring it. */
const { deserializeInputs } = sdkServer as unknown as {
	deserializeInputs(inputs: unknown, dependencies: unknown): Promise<pulumi.Inputs>;
};
const { asyncLocalStorage, LocalStore } = sdkState as unknown as {
	asyncLocalStorage: AsyncLocalStorage<object>;
	LocalStore: new () => object;
};
const { awaitFeatureSupport, waitForRPCs } = sdkSettings as unknown as {
	awaitFeatureSupport(): Promise<void>;
	waitForRPCs(): Promise<void>;
};

/** Runs the component within a store of its own, so that calls at the same time do not share the SDK's settings. */
export function construct(session: Session, request: providerProto.ConstructRequest): Promise<providerProto.ConstructResponse> {
	if (request.getType() !== TYPE) {
		throw new UserError(`this version of pulumi-persona has no component ${request.getType()}`, { remedy: `it has ${TYPE}` });
	}
	return asyncLocalStorage.run(new LocalStore(), () => constructPhone(session.engine, request));
}

async function constructPhone(engine: string, request: providerProto.ConstructRequest): Promise<providerProto.ConstructResponse> {
	sdkSettings.resetOptions(
		request.getProject(),
		request.getStack(),
		request.getParallel(),
		engine,
		request.getMonitorendpoint(),
		request.getDryrun(),
		request.getOrganization(),
	);
	await awaitFeatureSupport();
	sdkConfig.setAllConfig(Object.fromEntries(request.getConfigMap().toArray()), request.getConfigsecretkeysList());
	const inputs = await deserializeInputs(request.getInputs(), request.getInputdependenciesMap());
	try {
		const phone = new Phone(request.getName(), inputs as unknown as PhoneArgs, optionsOf(request));
		// The component makes its children in the background: its failure is this call's.
		await phone.made();
		return await responseFor(phone);
	} catch (error) {
		if (pulumi.RunError.isInstance(error)) throw new UserError(error.message);
		throw error;
	}
}

function optionsOf(request: providerProto.ConstructRequest): pulumi.ComponentResourceOptions {
	const parent = request.getParent();
	const deletedWith = request.getDeletedwith();
	const providers = request.getProvidersMap().toArray();
	const options: pulumi.ComponentResourceOptions = {
		aliases: request.getAliasesList(),
		dependsOn: request.getDependenciesList().map((urn) => new pulumi.DependencyResource(urn)),
		providers: Object.fromEntries(providers.map(([name, reference]) => [name, new pulumi.DependencyProviderResource(reference)])),
		ignoreChanges: request.getIgnorechangesList(),
		replaceOnChanges: request.getReplaceonchangesList(),
	};
	if (request.hasProtect()) options.protect = request.getProtect() ?? false;
	if (request.hasRetainondelete()) options.retainOnDelete = request.getRetainondelete() ?? false;
	if (parent !== "") options.parent = new pulumi.DependencyResource(parent);
	if (deletedWith !== "") options.deletedWith = new pulumi.DependencyResource(deletedWith);
	return options;
}

async function responseFor(phone: Phone): Promise<providerProto.ConstructResponse> {
	const { handset, key, digest, signature, runningKey, host } = phone;
	const outputs = { handset, key, digest, signature, runningKey, host };
	const [state, dependencies] = await sdkRpc.serializeResourceProperties(TYPE, outputs);
	const response = new providerProto.ConstructResponse();
	response.setUrn(await promised(phone.urn));
	response.setState(structProto.Struct.fromJavaScript(state));
	for (const [name, resources] of dependencies) {
		const urns = new providerProto.ConstructResponse.PropertyDependencies();
		urns.setUrnsList(await Promise.all([...resources].map(({ urn }) => promised(urn))));
		response.getStatedependenciesMap().set(name, urns);
	}
	await waitForRPCs();
	return response;
}

function promised<T>(output: pulumi.Output<T>): Promise<T> {
	return (output as unknown as { promise(): Promise<T> }).promise();
}
