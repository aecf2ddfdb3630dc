// SPDX-License-Identifier: Apache-2.0
// Signed provenance counts only for the image it is about, from the key that signed that image.
import { expect, test } from "vitest";
import { checkProvenance, provenanceOf, type Statement, signProvenance } from "../../components/account/index.ts";
import { sha256 } from "../../components/util/digest.ts";
import { testKey } from "../signing/support.ts";
import { composition } from "./composition.ts";

const release = testKey("release");
const other = testKey("other");
const keys = [release.publicKey, other.publicKey];
const image = { digest: composition().digest, signature: release.publicKey.fingerprint };
const statement = provenanceOf(composition(), "the bill of materials", new Map(), "https://ci.example.org/phones");
const signed = (content: unknown, { publicKey, sign } = release) =>
	signProvenance(typeof content === "string" ? content : JSON.stringify(content), publicKey, sign);

test("it says who built the image, and is the plain statement in an envelope on one line", async () => {
	const text = `${JSON.stringify(statement, undefined, 2)}\n`;
	const envelope = await signed(text);
	expect(checkProvenance(envelope, image, keys)).toEqual({
		fingerprint: release.publicKey.fingerprint,
		builder: "https://ci.example.org/phones",
	});
	expect(envelope).toMatch(/^[^\n]+\n$/);
	const { payload, payloadType } = JSON.parse(envelope);
	expect(payloadType).toBe("application/vnd.in-toto+json");
	expect(Buffer.from(payload, "base64").toString()).toBe(text);
	expect(await signed(text)).toBe(envelope);
});

test("it is refused when it is about another image, of another key, or nobody has signed it", async () => {
	expect(checkProvenance(await signed(statement), { ...image, digest: sha256("x") }, keys)).toBe("is about another image");
	expect(checkProvenance(await signed(statement, other), image, keys)).toMatch(/^is signed by ed25519:\w+, and the image is not$/);
	expect(checkProvenance(await signed(statement), { ...image, signature: "development" }, keys)).toMatch(/the image is not$/);
	expect(checkProvenance(await signed(statement), image, [other.publicKey])).toMatch(/no key that is trusted/);
	expect(checkProvenance(JSON.stringify(statement), image, keys)).toMatch(/is no signed envelope/);
});

test.each<[string, unknown, RegExp]>([
	["no JSON", "{", /no provenance/],
	["nothing", null, /no provenance/],
	["another statement", { ...statement, predicateType: "https://spdx.dev/Document" } as unknown, /no provenance/],
	["another version", { ...statement, _type: "https://in-toto.io/Statement/v0.1" } as unknown, /no provenance/],
	["no subject", { ...statement, subject: {} } as unknown, /another image/],
	["nothing for a subject", { ...statement, subject: [null, { digest: null }, {}] } as unknown, /another image/],
	["no builder", { ...statement, predicate: {} } satisfies object as unknown, /does not say who/],
	["no predicate", { ...statement, predicate: null } as unknown, /does not say who/],
])("a key that signs images may have signed %s: that is none", async (_, content, why) => {
	expect(checkProvenance(await signed(content), image, keys)).toMatch(why);
});

test("any of the subjects may be the image", async () => {
	const more: Statement = { ...statement, subject: [{ name: "x", digest: { sha256: "00" } }, ...statement.subject] };
	expect(checkProvenance(await signed(more), image, keys)).toMatchObject({ builder: "https://ci.example.org/phones" });
});
