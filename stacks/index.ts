// SPDX-License-Identifier: Apache-2.0
// The Pulumi program: the phone of a stack is what stacks/<stack>.phone.yaml declares.
// Only this part of the SDK: loading all of it would take longer than the rest of a preview.
import { getStack } from "@pulumi/pulumi/metadata.js";
import * as persona from "../components/index.ts";

const phone = new persona.Phone("pocket", { phone: `stacks/${getStack()}.phone.yaml` });

export const handset = phone.handset;
export const image = phone.key;
export const running = phone.runningKey;
