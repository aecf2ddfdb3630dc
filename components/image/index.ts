// SPDX-License-Identifier: Apache-2.0
// The build and compose stages: guest images, Veil, the content store, the lock file and the device image.
export type {
	Artifact,
	BuildContext,
	DeviceImageInputs,
	GuestInputs,
	GuestSources,
	HypervisorInputs,
} from "./types.ts";
