// SPDX-License-Identifier: Apache-2.0
// Public keys: their x coordinates are the curve's, and what is no key, or proves nothing, is refused.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { affineX } from "../../components/signing/point.ts";
import { isSignedBy, parsePublicKey, publicKeyOf, publicKeyPem, rawPublicKey } from "../../components/signing/public-key.ts";
import { testKey } from "./support.ts";

const P = 2n ** 255n - 19n;
const number = (little: Uint8Array) => BigInt(`0x${Buffer.from(little).reverse().toString("hex")}`);
const encoded = (y: bigint, sign = 0n) => Buffer.from((y + (sign << 255n)).toString(16).padStart(64, "0"), "hex").reverse();
/** All points whose order divides 8, by their y. */
const SMALL = [
	1n,
	P - 1n,
	0n,
	number(Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex")),
	number(Buffer.from("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "hex")),
];

describe("a public key's x coordinate", () => {
	test("is on the curve with its y, and has the sign that the key says, for many keys", () => {
		const d = number(Buffer.from("a3785913ca4deb75abd841414d0a700098e879777940c78c73fe6f2bee6c0352", "hex"));
		for (let n = 0; n < 40; n++) {
			const bytes = rawPublicKey(generateKeyPairSync("ed25519").publicKey);
			const x = affineX(bytes);
			if (typeof x === "string") throw new Error(x);
			const [X, y] = [number(x), number(bytes) & (2n ** 255n - 1n)];
			expect((y * y - X * X - 1n - d * X * X * y * y) % P).toBe(0n);
			expect(X & 1n).toBe(BigInt((bytes[31] ?? 0) >> 7));
			expect(X < P).toBe(true);
		}
	});

	test("of the base point is RFC 8032's", () => {
		const base = encoded(46316835694926478169428394003475163141307993866256225615783033603165251855960n);
		expect(number(affineX(base) as Uint8Array)).toBe(
			15112221349535400772501151409588531511454012693041857206046113283949847762202n,
		);
	});

	test("is not given for points of small order, in either encoding of their sign", () => {
		for (const y of SMALL) {
			for (const sign of [0n, 1n]) {
				const x = affineX(encoded(y, sign));
				// x = 0 has no other sign: RFC 8032 takes no such encoding.
				const isZero = y === 1n || y === P - 1n;
				expect(x).toBe(
					isZero && sign === 1n ? "is no point of the curve" : "is a point of small order, for which anybody can sign",
				);
			}
		}
	});

	test("is not given for a y that is not reduced, or a point that is not there", () => {
		expect(affineX(encoded(P))).toBe("is no point of the curve");
		expect(affineX(encoded(P + 1n))).toBe("is no point of the curve");
		expect(affineX(encoded(2n))).toBe("is no point of the curve");
		expect(affineX(new Uint8Array(31))).toBe("is no point of the curve");
	});

	test("is not given for the sum of a good point and one of small order", () => {
		// (x, y) + (0, -1) = (-x, -y)
		const good = encoded(46316835694926478169428394003475163141307993866256225615783033603165251855960n);
		const y = number(good);
		expect(affineX(encoded(P - y, 1n))).toBe("has a part of small order, which no proper key has");
	});
});

describe("the file of a public key", () => {
	test("is read as it was written, words around it or not", () => {
		const { publicKey } = testKey("release");
		const pem = publicKeyPem(publicKey);
		expect(parsePublicKey(pem)).toEqual(publicKey);
		expect(parsePublicKey(`our key\n${pem.replaceAll("\n", "\r\n")}`)).toEqual(publicKey);
		expect(rawPublicKey(createPublicKey(pem)).toString("hex")).toBe(publicKey.hex);
		expect(publicKey.fingerprint).toMatch(/^ed25519:[0-9a-f]{64}$/);
	});

	test("is refused with its own reason for each thing that can be wrong with it", () => {
		const { pem, publicKey } = testKey("release");
		const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "pem", type: "spki" }).toString();
		const good = publicKeyPem(publicKey);
		const small = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), encoded(1n)]).toString("base64");
		expect(parsePublicKey(pem)).toMatch(/^holds a private key/);
		expect(parsePublicKey(`${good}${pem}`)).toMatch(/^holds a private key/);
		expect(parsePublicKey("")).toBe("holds no public key");
		expect(parsePublicKey("ssh-ed25519 AAAA somebody")).toBe("holds no public key");
		expect(parsePublicKey(good.replace(/MCow/, "MCo"))).toBe("holds a damaged public key");
		expect(parsePublicKey(rsa)).toBe("holds a key of type rsa");
		expect(parsePublicKey(`-----BEGIN PUBLIC KEY-----\n${small}\n-----END PUBLIC KEY-----\n`)).toMatch(/small order/);
		expect(publicKeyOf(publicKey.hex.toUpperCase())).toMatch(/64 hexadecimal digits/);
	});
});

test("a signature is of one key, one message and 64 bytes", async () => {
	const { publicKey, sign } = testKey("release");
	const message = Buffer.from("message");
	const signature = await sign(message, publicKey);
	expect(isSignedBy(publicKey, message, signature)).toBe(true);
	expect(isSignedBy(testKey("other").publicKey, message, signature)).toBe(false);
	expect(isSignedBy(publicKey, Buffer.from("messagf"), signature)).toBe(false);
	expect(isSignedBy(publicKey, message, signature.subarray(0, 63))).toBe(false);
	expect(isSignedBy(publicKey, message, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
});
