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
		const reader = new InputReader(news, ["board", "trustedKeys"]);
		const board = reader.text("board");
		const trustedKeys = readTrustedKeys(reader, news.trustedKeys);
		if (reader.failures.length > 0 || board === UNKNOWN || trustedKeys === UNKNOWN)
			return { inputs: news, failures: reader.failures };
		const { stages } = operation;
		const inputs = asValue(await stages.hypervisorInputs((await stages.loadBoard(board)).document, trustedKeys));
		return { inputs: isObject(inputs) ? inputs : {}, failures: [] };
	},

	key: (operation, inputs) => operation.stages.hypervisorKey(hypervisorInputs(inputs)),
	build: (operation, inputs) => (work) => operation.stages.buildHypervisor(hypervisorInputs(inputs), work),
});
