// SPDX-License-Identifier: Apache-2.0
// Envelopes of DSSE: the specification's example, whatever is done to one, and signatures of images that are none of envelopes.
import { createPublicKey, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openEnvelope, preAuthEncoding, signEnvelope } from "../../components/signing/dsse.ts";
import { isSignedBy, signedMessage } from "../../components/signing/index.ts";
import { testKey } from "./support.ts";

const TYPE = "application/vnd.in-toto+json";
const release = testKey("release");
const other = testKey("other");
const envelope = (payload = "{}", type = TYPE) => signEnvelope(type, Buffer.from(payload), release.publicKey, release.sign);
const open = (text: string, keys = [release.publicKey]) => openEnvelope(text, TYPE, keys);

describe("what is signed", () => {
	test("is the specification's example", () => {
		// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md, "Test Vectors".
		const message = preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world"));
		expect(Buffer.from(message).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
		const coordinate = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex").toString("base64url");
		const jwk = {
			kty: "EC",
			crv: "P-256",
			x: coordinate(46950820868899156662930047687818585632848591499744589407958293238635476079160n),
			y: coordinate(5640078356564379163099075877009565129882514886557779369047442380624545832820n),
		};
		const sig = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
		const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" as const };
		expect(verify("sha256", message, key, Buffer.from(sig, "base64"))).toBe(true);
	});

	test("has lengths in bytes, none left out", () => {
		expect(Buffer.from(preAuthEncoding("", new Uint8Array())).toString()).toBe("DSSEv1 0  0 ");
		expect(Buffer.from(preAuthEncoding("ü", Buffer.from("日本"))).toString()).toBe("DSSEv1 2 ü 6 日本");
		expect(Buffer.from(preAuthEncoding("t", Uint8Array.of(0xff, 0)))).toEqual(Buffer.from("DSSEv1 1 t 2 \xff\0", "latin1"));
	});

	test("differs whenever type or payload do", () => {
		const part = fc.oneof(fc.string(), fc.constantFrom("", " ", "1 ", " 1 a", "a 1 b"));
		fc.assert(
			fc.property(part, part, part, part, (type, payload, type2, payload2) => {
				const same = Buffer.compare(preAuthEncoding(type, Buffer.from(payload)), preAuthEncoding(type2, Buffer.from(payload2)));
				expect(same === 0).toBe(type === type2 && payload === payload2);
			}),
		);
	});
});

describe("an envelope", () => {
	test("opens for who trusts the key, and node:crypto finds the signature right, too", async () => {
		const text = await envelope('{"a":"ü"}');
		expect(open(text, [other.publicKey, release.publicKey])).toEqual({
			payload: Buffer.from('{"a":"ü"}'),
			key: release.publicKey,
		});
		const { payload, payloadType, signatures } = JSON.parse(text);
		const message = Buffer.from(`DSSEv1 28 ${payloadType} 10 ${Buffer.from(payload, "base64")}`);
		expect(verify(null, message, createPublicKey(release.privateKey), Buffer.from(signatures[0].sig, "base64"))).toBe(true);
		expect(signatures).toEqual([{ keyid: release.publicKey.fingerprint, sig: expect.any(String) }]);
	});

	test("of another signer opens with Base64 of either alphabet, without padding or key id, among other signatures", async () => {
		const payload = Buffer.from([0xfb, 0xff, 0xfe, 0]);
		const sig = sign(null, preAuthEncoding(TYPE, payload), release.privateKey);
		const text = JSON.stringify({
			payload: payload.toString("base64url"),
			payloadType: TYPE,
			signatures: [{ keyid: release.publicKey.fingerprint, sig: "" }, { sig: "no Base64!" }, { sig: sig.toString("base64url") }],
			more: 1,
		});
		expect(open(text)).toEqual({ payload, key: release.publicKey });
	});

	test("does not open when any byte of payload, type or signature is another", async () => {
		const whole = JSON.parse(await envelope('{"subject":[]}'));
		const bytes = Buffer.from(whole.payload, "base64");
		for (let at = 0; at < bytes.length; at++) {
			const payload = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
			const text = JSON.stringify({ ...whole, payload: Buffer.from(payload).toString("base64") });
			expect(open(text), `payload ${at}`).toMatch(/is not what was signed/);
		}
		const sig = Buffer.from(whole.signatures[0].sig, "base64");
		for (let at = 0; at < sig.length; at++) {
			const changed = Uint8Array.from(sig, (byte, index) => (index === at ? byte ^ 0x80 : byte));
			const text = JSON.stringify({ ...whole, signatures: [{ sig: Buffer.from(changed).toString("base64") }] });
			expect(open(text), `signature ${at}`).toMatch(/is not what was signed/);
		}
		expect(open(JSON.stringify({ ...whole, payloadType: "text/plain" }))).toMatch(/is not what was signed/);
		expect(open(JSON.stringify({ ...whole, payload: `AAAA${whole.payload}` }))).toMatch(/is not what was signed/);
	});

	test.each<[string, RegExp]>([
		["", /is no signed envelope/],
		["null", /is no signed envelope/],
		["[]", /is no signed envelope/],
		['{"_type":"https://in-toto.io/Statement/v1","subject":[]}', /is no signed envelope/],
		['{"payload":1,"payloadType":"t","signatures":[]}', /is no signed envelope/],
		['{"payload":"","payloadType":"t","signatures":[null]}', /is no signed envelope/],
		['{"payload":"","payloadType":"t","signatures":[{"sig":1}]}', /is no signed envelope/],
		['{"payload":"","payloadType":"t"}', /^is not signed$/],
		['{"payload":"A","payloadType":"t","signatures":[{"sig":""}]}', /holds no Base64/],
		['{"payload":"+_==","payloadType":"t","signatures":[{"sig":""}]}', /holds no Base64/],
		[`{"payload":"","payloadType":"t","signatures":[${Array(17).fill('{"sig":""}')}]}`, /more than 16 signatures/],
	])("that is %s is refused", (text, why) => {
		expect(open(text)).toMatch(why);
	});

	test("of an unknown key, of another type or without a key at hand is refused", async () => {
		expect(open(await envelope(), [other.publicKey])).toMatch(/is signed by no key that is trusted/);
		expect(open(await envelope("{}", "text/plain"))).toBe("holds something else than application/vnd.in-toto+json");
		expect(open(await envelope(), [])).toMatch(/no public key is at hand/);
	});
});

describe("a key that signs images and envelopes", () => {
	const content = new Uint8Array(256).fill(7);
	const image = (kind: "manifest" | "policy") => signedMessage(kind, content, 64);

	test("signs no envelope when it signs an image, whatever envelope somebody makes of it", () => {
		for (const kind of ["manifest", "policy"] as const) {
			const sig = sign(null, image(kind), release.privateKey).toString("base64");
			for (const payload of [image(kind), image(kind).subarray(15), content, new Uint8Array()]) {
				for (const payloadType of [TYPE, "", `veil-${kind}-1`]) {
					const text = JSON.stringify({ payload: Buffer.from(payload).toString("base64"), payloadType, signatures: [{ sig }] });
					expect(open(text)).toMatch(/is not what was signed/);
				}
			}
		}
	});

	test("signs no image when it signs an envelope, whatever is in that", async () => {
		for (const kind of ["manifest", "policy"] as const) {
			const text = await signEnvelope(TYPE, image(kind), release.publicKey, release.sign);
			const sig = Buffer.from(JSON.parse(text).signatures[0].sig, "base64");
			expect(isSignedBy(release.publicKey, image(kind), sig)).toBe(false);
		}
	});

	test("is given messages that cannot be both: their first bytes differ", () => {
		const starts = (["manifest", "policy"] as const).map((kind) => image(kind)[0]);
		fc.assert(
			fc.property(fc.string(), fc.uint8Array(), (type, payload) => {
				expect(starts).not.toContain(preAuthEncoding(type, payload)[0]);
			}),
		);
	});
});
