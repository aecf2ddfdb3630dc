// SPDX-License-Identifier: Apache-2.0
// What a Pulumi program imports.
export { type DeployedVolume, Deployment, type DeploymentArgs } from "./deployment.ts";
export { DeviceImage, type DeviceImageArgs, type PersonaReadiness } from "./device-image.ts";
export { getStatus, type PersonaStatus, type Status } from "./get-status.ts";
export { GuestImage, type GuestImageArgs } from "./guest-image.ts";
export { Handset, type HandsetArgs } from "./handset.ts";
export { HypervisorImage, type HypervisorImageArgs } from "./hypervisor-image.ts";
export type { Inputs, InputsOf } from "./inputs.ts";
export type { PersonaInput, PhoneInput, PhoneParts, PolicyInput, RulesInput } from "./manifest/index.ts";
export { Phone, type PhoneArgs } from "./phone.ts";
export { Volume, type VolumeArgs } from "./volume.ts";
