// SPDX-License-Identifier: Apache-2.0
// The provider's own options: a change of one configures the provider anew, and nothing else does.
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { expect, test } from "vitest";
import { configure, diffConfig } from "../../components/provider/configuration.ts";
import { encode, type Properties } from "../../components/provider/properties.ts";

function changes(olds: Properties, news: Properties): string[] {
	const request = new providerProto.DiffRequest();
	request.setOldInputs(encode(olds));
	request.setNews(encode(news));
	const response = diffConfig(request);
	const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
	expect(response.getChanges()).toBe(response.getDiffsList().length === 0 ? DIFF_NONE : DIFF_SOME);
	expect(response.getReplacesList()).toEqual([]);
	return response.getDiffsList();
}

test("a changed option is a change of the provider, and replaces nothing", () => {
	expect(changes({}, { signCommand: "hsm" })).toEqual(["signCommand"]);
	expect(changes({ signCommand: "hsm" }, { signCommand: "other" })).toEqual(["signCommand"]);
	expect(changes({ signCommand: "hsm" }, {})).toEqual(["signCommand"]);
	expect(changes({ signCommand: "hsm" }, { signCommand: "hsm" })).toEqual([]);
});

test("another version of the provider is none", () => {
	expect(changes({ version: "0.1.0" }, { version: "0.2.0", pluginDownloadURL: "here" })).toEqual([]);
});

test("the signing command is taken over, an empty one is none", () => {
	const settings = (args: Properties) => {
		const request = new providerProto.ConfigureRequest();
		request.setArgs(encode(args));
		return configure(request);
	};
	expect(settings({ signCommand: "hsm" })).toMatchObject({ signCommand: "hsm" });
	expect(settings({ signCommand: "" })).not.toHaveProperty("signCommand");
});
