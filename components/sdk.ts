// SPDX-License-Identifier: Apache-2.0
// The parts of Pulumi's SDK that resource classes need at run time. Its main module takes longer to load than all of ours together, because
// it brings a compiler for closures and the Automation API; a program that needs those imports them itself.
import errors from "@pulumi/pulumi/errors.js";
import outputs from "@pulumi/pulumi/output.js";
import resources from "@pulumi/pulumi/resource.js";
import invokes from "@pulumi/pulumi/runtime/invoke.js";

export const { RunError } = errors;
export const { Output, output } = outputs;
export const { ComponentResource, CustomResource } = resources;
export const { invoke } = invokes;
