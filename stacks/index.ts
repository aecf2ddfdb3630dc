// SPDX-License-Identifier: Apache-2.0
// The Pulumi program: the phone of a stack is what stacks/<stack>.phone.yaml declares.
import pulumi from "@pulumi/pulumi";
import * as persona from "../components/index.ts";

const phone = new persona.Phone("pocket", { phone: `stacks/${pulumi.getStack()}.phone.yaml` });

export const handset = phone.handset;
export const image = phone.key;
export const running = phone.runningKey;
