// SPDX-License-Identifier: Apache-2.0
// Construct: the Phone component for programs in every language, run in this process on the SDK's own runtime modules.
import type providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { Session } from "./session.ts";

export async function construct(
	_session: Session,
	_request: providerProto.ConstructRequest,
): Promise<providerProto.ConstructResponse> {
	throw new Error("not built yet");
}
