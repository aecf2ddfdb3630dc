// SPDX-License-Identifier: Apache-2.0
// The provider's process on fake stages: PERSONA_FAKE_WORLD is their folder.
import { startProvider } from "../../../components/provider/start.ts";
import { projectRoot } from "../../../components/util/paths.ts";
import { fakeStages } from "../fake-stages.ts";

await startProvider(async () => fakeStages(process.env.PERSONA_FAKE_WORLD ?? "", projectRoot()));
