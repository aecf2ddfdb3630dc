// SPDX-License-Identifier: Apache-2.0
// HypervisorImage: Veil, built for a board.
import type { HypervisorInputs } from "../../image/index.ts";
import { InputReader } from "../inputs.ts";
import { asValue, isObject, type Properties, UNKNOWN } from "../properties.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import { imageKind } from "./image.ts";

function hypervisorInputs(inputs: Properties): HypervisorInputs {
	return inputs as unknown as HypervisorInputs;
}

export const hypervisorImage = imageKind({
	what: "hypervisor image",
	sources: [],
	extra: (inputs) => ({ board: inputs.board ?? UNKNOWN }),

	async check(operation, news) {
		const reader = new InputReader(news, ["board", "builder", "trustedKeys"]);
		const board = reader.text("board");
		const builder = reader.text("builder", "debian");
		if (builder !== "debian" && builder !== "buildroot" && builder !== UNKNOWN)
			reader.fail("builder", "must be debian or buildroot");
		const trustedKeys = readTrustedKeys(reader, news.trustedKeys);
		if (reader.failures.length > 0 || board === UNKNOWN || builder === UNKNOWN || trustedKeys === UNKNOWN)
			return { inputs: news, failures: reader.failures };
		const { stages } = operation;
		const { document } = await stages.loadBoard(board);
		const inputs = asValue(await stages.hypervisorInputs(document, trustedKeys, builder === "buildroot" ? builder : "debian"));
		return { inputs: isObject(inputs) ? inputs : {}, failures: [] };
	},

	key: (operation, inputs) => operation.stages.hypervisorKey(hypervisorInputs(inputs)),
	build: (operation, inputs) => (work) => operation.stages.buildHypervisor(hypervisorInputs(inputs), work),
});
