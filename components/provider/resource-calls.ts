// SPDX-License-Identifier: Apache-2.0
// The calls of the protocol that are about one resource: decode, ask its kind, mark and encode.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { UserError } from "../util/errors.ts";
import { formatPath } from "./diff.ts";
import { PartialFailure, partialError } from "./failure.ts";
import type { Checked, Difference, Failure, Kind, Recorded } from "./kind.ts";
import { type Decoded, decode, encode, type Path, type Properties, secretsOf } from "./properties.ts";
import { kindOf } from "./registry.ts";
import type { Operation, Session } from "./session.ts";

export async function check(session: Session, request: providerProto.CheckRequest): Promise<providerProto.CheckResponse> {
	const kind = kindOf(request.getUrn());
	const news = decode(request.getNews());
	const olds = decode(request.getOlds());
	const unsupported = news.unsupported.map((path) => ({
		property: formatPath(path),
		reason: "assets and archives are not taken here; give a path",
	}));
	const result =
		unsupported.length > 0
			? { inputs: news.values, failures: unsupported }
			: await checked(kind, await session.operation(request.getUrn()), news.values, olds.values);
	const response = new providerProto.CheckResponse();
	response.setInputs(encode(result.inputs, secretsFrom(kind, result.inputs, news)));
	response.setFailuresList(result.failures.map(checkFailure));
	return response;
}

/** A user's fault that a stage throws is a failure like any other; the engine then shows those of other resources too. */
async function checked(kind: Kind, operation: Operation, news: Properties, olds: Properties): Promise<Checked> {
	try {
		return await kind.check(operation, news, olds);
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		return { inputs: news, failures: [{ property: "", reason: error.render() }] };
	}
}

function checkFailure({ property, reason }: Failure): providerProto.CheckFailure {
	const failure = new providerProto.CheckFailure();
	failure.setProperty(property);
	failure.setReason(reason);
	return failure;
}

export async function diff(session: Session, request: providerProto.DiffRequest): Promise<providerProto.DiffResponse> {
	const kind = kindOf(request.getUrn());
	const old = { id: request.getId(), inputs: decode(request.getOldInputs()).values, outputs: decode(request.getOlds()).values };
	const found = await kind.diff(await session.operation(request.getUrn()), old, decode(request.getNews()).values);
	return diffResponse(found, request.getIgnorechangesList());
}

function diffResponse(found: Difference, ignored: readonly string[]): providerProto.DiffResponse {
	const { Kind: Kinds } = providerProto.PropertyDiff;
	const isIgnored = (path: string) =>
		ignored.some((name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
	const changes = found.changes
		.map((change) => ({ ...change, shown: formatPath(change.path) }))
		.filter(({ input, shown }) => !input || !isIgnored(shown));
	const replaces = found.replaces.filter((name) =>
		changes.some(({ shown }) => shown === name || name.startsWith(`${shown}.`) || shown.startsWith(name)),
	);
	const response = new providerProto.DiffResponse();
	response.setChanges(
		changes.length > 0 ? providerProto.DiffResponse.DiffChanges.DIFF_SOME : providerProto.DiffResponse.DiffChanges.DIFF_NONE,
	);
	response.setHasdetaileddiff(true);
	response.setReplacesList(replaces);
	response.setDeletebeforereplace(found.deleteBeforeReplace ?? false);
	response.setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))]);
	for (const { kind, input, shown } of changes) {
		const replace = replaces.some((name) => shown === name || shown.startsWith(`${name}.`) || name.startsWith(`${shown}.`));
		const detail = new providerProto.PropertyDiff();
		if (kind === "add") detail.setKind(replace ? Kinds.ADD_REPLACE : Kinds.ADD);
		else if (kind === "delete") detail.setKind(replace ? Kinds.DELETE_REPLACE : Kinds.DELETE);
		else detail.setKind(replace ? Kinds.UPDATE_REPLACE : Kinds.UPDATE);
		detail.setInputdiff(input);
		response.getDetaileddiffMap().set(shown, detail);
	}
	return response;
}

/** Runs work that may leave a resource half done, and tells the engine what it left. */
async function orPartial<T>(kind: Kind, inputs: Decoded, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof PartialFailure)) throw error;
		throw partialError(
			error,
			inputs.values,
			[...inputs.secrets, ...secretsOfOutputs(kind, error.outputs, inputs)],
			kind.refreshBeforeUpdate,
		);
	}
}

/** Which values are secret because of secret inputs, but for those that nothing else is derived from. */
function secretsFrom(kind: Kind, values: Properties, inputs: Decoded): Path[] {
	const isContained = (path: Path) => kind.containedSecrets?.includes(String(path[0])) === true;
	const spreading = inputs.secrets.filter((path) => !isContained(path));
	const handed = inputs.secrets.filter((path) => isContained(path) && String(path[0]) in values);
	return [...secretsOf(values, inputs.values, spreading), ...handed];
}

/** Which outputs are secret: what comes of secret inputs, and what the kind says. */
function secretsOfOutputs(kind: Kind, outputs: Properties, inputs: Decoded): Path[] {
	const own = (kind.secretOutputs ?? []).filter((name) => name in outputs).map((name): Path => [name]);
	return [...secretsFrom(kind, outputs, inputs), ...own];
}

export async function create(session: Session, request: providerProto.CreateRequest): Promise<providerProto.CreateResponse> {
	const kind = kindOf(request.getUrn());
	const inputs = decode(request.getProperties());
	const operation = await session.operation(request.getUrn(), request.getTimeout());
	const made = await orPartial(kind, inputs, () => kind.create(operation, inputs.values, request.getPreview()));
	const response = new providerProto.CreateResponse();
	response.setId(made.id);
	response.setProperties(encode(made.outputs, secretsOfOutputs(kind, made.outputs, inputs)));
	response.setRefreshBeforeUpdate(kind.refreshBeforeUpdate);
	return response;
}

export async function update(session: Session, request: providerProto.UpdateRequest): Promise<providerProto.UpdateResponse> {
	const kind = kindOf(request.getUrn());
	const news = decode(request.getNews());
	const old = { id: request.getId(), inputs: decode(request.getOldInputs()).values, outputs: decode(request.getOlds()).values };
	const operation = await session.operation(request.getUrn(), request.getTimeout());
	const outputs = await orPartial(kind, news, () => kind.update(operation, old, news.values, request.getPreview()));
	const response = new providerProto.UpdateResponse();
	response.setProperties(encode(outputs, secretsOfOutputs(kind, outputs, news)));
	response.setRefreshBeforeUpdate(kind.refreshBeforeUpdate);
	return response;
}

export async function read(session: Session, request: providerProto.ReadRequest): Promise<providerProto.ReadResponse> {
	const kind = kindOf(request.getUrn());
	const inputs = decode(request.getInputs());
	const outputs = decode(request.getProperties());
	const recorded: Recorded = { id: request.getId(), inputs: inputs.values, outputs: outputs.values };
	const found = await kind.read(await session.operation(request.getUrn()), recorded);
	const response = new providerProto.ReadResponse();
	if (found === undefined) return response;
	response.setId(found.id);
	response.setInputs(encode(found.inputs, inputs.secrets));
	response.setProperties(encode(found.outputs, [...outputs.secrets, ...secretsOfOutputs(kind, found.outputs, inputs)]));
	response.setRefreshBeforeUpdate(kind.refreshBeforeUpdate);
	return response;
}

export async function remove(session: Session, request: providerProto.DeleteRequest): Promise<emptyProto.Empty> {
	const kind = kindOf(request.getUrn());
	const old = {
		id: request.getId(),
		inputs: decode(request.getOldInputs()).values,
		outputs: decode(request.getProperties()).values,
	};
	await kind.remove(await session.operation(request.getUrn(), request.getTimeout()), old);
	return new emptyProto.Empty();
}
