// SPDX-License-Identifier: Apache-2.0
// The provider's process: what plugin/pulumi-resource-persona runs.
import { startProvider } from "./start.ts";

await startProvider(async (settings) => (await import("./production.ts")).productionStages(settings));
