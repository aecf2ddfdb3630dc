// SPDX-License-Identifier: Apache-2.0
// The provider stage: speaks Pulumi's provider protocol and calls the other stages; it has no logic of its own.
export type { Stages } from "./stages.ts";
