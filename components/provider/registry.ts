// SPDX-License-Identifier: Apache-2.0
// Which type token is which resource.
import { UserError } from "../util/errors.ts";
import type { Kind } from "./kind.ts";
import { deployment } from "./resources/deployment.ts";
import { deviceImage } from "./resources/device-image.ts";
import { guestImage } from "./resources/guest-image.ts";
import { handset } from "./resources/handset.ts";
import { hypervisorImage } from "./resources/hypervisor-image.ts";
import { volume } from "./resources/volume.ts";

const KINDS: Readonly<Record<string, Kind>> = {
	"persona:index:GuestImage": guestImage,
	"persona:index:HypervisorImage": hypervisorImage,
	"persona:index:DeviceImage": deviceImage,
	"persona:index:Handset": handset,
	"persona:index:Volume": volume,
	"persona:index:Deployment": deployment,
};

/** The kind of resource of a URN (`urn:pulumi:stack::project::parent$type::name`). */
export function kindOf(urn: string): Kind {
	const type = (urn.split("::")[2] ?? "").split("$").pop() ?? "";
	const kind = KINDS[type];
	if (kind !== undefined) return kind;
	throw new UserError(`this version of pulumi-persona has no resource ${type}`, {
		remedy: `it has ${Object.keys(KINDS).join(", ")}`,
	});
}
