// SPDX-License-Identifier: Apache-2.0
// What provenance says of what the documents decided: the policy, and the rules that had to hold.
import { expect, test } from "vitest";
import { provenanceOf } from "../../components/account/index.ts";
import type { Rules } from "../../components/manifest/index.ts";
import { canonicalJson, sha256 } from "../../components/util/digest.ts";
import { composition } from "./composition.ts";

const rules: Rules = {
	version: 1,
	kind: "Rules",
	rules: [{ persona: "work", requires: ["storage.encrypted"], forbids: ["channels.outbound"] }],
};
const definition = (given?: Rules | null) => provenanceOf(composition(), "", new Map(), "https://ci.example.org", given).predicate;

test("rules are among the parameters, and the digest of their document among those of the documents", () => {
	const { externalParameters } = definition(rules).buildDefinition;
	expect(externalParameters).toMatchObject({ rules: rules.rules, documents: { rules: sha256(canonicalJson(rules)) } });
	expect(externalParameters.policy).toMatchObject({ networks: {}, channels: [], ownerAccess: { off: [] } });
});

test("a phone without rules has none, and of an image without its documents they are not known", () => {
	const none = definition(null).buildDefinition.externalParameters;
	expect(none.rules).toEqual([]);
	expect(none.documents).not.toHaveProperty("rules");
	expect(definition().buildDefinition.externalParameters.rules).toEqual({ known: false });
});

test("other rules are another build, though they make the same image", () => {
	const ids = [rules, { ...rules, rules: [] }, null, undefined].map((given) => definition(given).runDetails.metadata.invocationId);
	expect(new Set(ids).size).toBe(4);
	expect(
		new Set([rules, null].map((given) => JSON.stringify(provenanceOf(composition(), "", undefined, undefined, given).subject)))
			.size,
	).toBe(1);
});
