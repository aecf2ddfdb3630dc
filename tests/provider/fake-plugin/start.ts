// SPDX-License-Identifier: Apache-2.0
// The provider's process on fake stages: PERSONA_FAKE_WORLD is their folder.
import { startProvider } from "../../../components/provider/start.ts";
import { projectRoot } from "../../../components/util/paths.ts";

await startProvider(async () => {
	const { fakeStages } = await import("../fake-stages.ts");
	return fakeStages(process.env.PERSONA_FAKE_WORLD ?? "", projectRoot());
});
