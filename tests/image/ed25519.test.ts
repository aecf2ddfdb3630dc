// SPDX-License-Identifier: Apache-2.0
// Veil's Ed25519 and Node's agree on random signatures, half of them with a wrong bit. PERSONA_ED25519_CASES=100000 makes it a long run.
import { generateKeyPairSync, type KeyObject, randomBytes, randomInt, sign, verify } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../components/util/paths.ts";
import { run } from "../../components/util/process.ts";

const CASES = Number(process.env.PERSONA_ED25519_CASES ?? 2000);
const P = 2n ** 255n - 19n;

function power(base: bigint, exponent: bigint): bigint {
	let result = 1n;
	for (let left = exponent, square = base % P; left > 0n; left >>= 1n, square = (square * square) % P)
		if (left & 1n) result = (result * square) % P;
	return result;
}

/** The public key's bytes and the x coordinate of its point (RFC 8032, 5.1.3). */
function keyBytes(key: KeyObject): Buffer {
	const bytes = Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
	const number = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
	const y = number & (2n ** 255n - 1n);
	const d = ((P - 121665n) * power(121666n, P - 2n)) % P;
	const square = ((y * y + P - 1n) * power(d * y * y + 1n, P - 2n)) % P;
	let x = power(square, (P + 3n) / 8n);
	if ((x * x) % P !== square) x = (x * power(2n, (P - 1n) / 4n)) % P;
	if ((x * x) % P !== square) throw new Error("no point of the curve");
	if ((x & 1n) !== number >> 255n) x = P - x;
	return Buffer.concat([bytes, Buffer.from(x.toString(16).padStart(64, "0"), "hex").reverse()]);
}

function flipped(bytes: Buffer): Buffer {
	const at = randomInt(8 * bytes.length);
	const copy = Buffer.from(bytes);
	copy.writeUInt8(copy.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
	return copy;
}

function randomCase(wrong: boolean): { line: string; verdict: "good" | "bad" } {
	const { privateKey, publicKey } = generateKeyPairSync("ed25519");
	const message = randomBytes(randomInt(300));
	const signature = sign(null, message, privateKey);
	const [sentMessage, sentSignature] = !wrong
		? [message, signature]
		: message.length > 0 && randomInt(2) === 0
			? [flipped(message), signature]
			: [message, flipped(signature)];
	const isGood = verify(null, sentMessage, publicKey, sentSignature);
	return {
		line: `${keyBytes(publicKey).toString("hex")} ${sentSignature.toString("hex")} .${sentMessage.toString("hex")}`,
		verdict: isGood ? "good" : "bad",
	};
}

let build: string;
beforeAll(async () => {
	build = await mkdtemp(join(tmpdir(), "persona-ed25519-"));
});
afterAll(() => rm(build, { recursive: true, force: true }));

test.each([
	["64", "host/ed25519_verdicts", CASES],
	["32", "host/integrator_cp/ed25519_verdicts", Math.ceil(CASES / 4)],
])(
	"limbs of %s bits",
	async (_, program, count) => {
		const cases = Array.from({ length: count }, (_, index) => randomCase(index % 2 === 1));
		await run("make", ["-s", "-C", join(packageRoot(), "hypervisor"), `BUILD=${build}`, join(build, program)]);
		const { stdout } = await run(join(build, program), [], { input: cases.map(({ line }) => `${line}\n`).join("") });
		expect(cases.filter(({ verdict }) => verdict === "good")).toHaveLength(Math.ceil(count / 2));
		expect(stdout.trim().split("\n")).toEqual(cases.map(({ verdict }) => verdict));
	},
	600_000,
);
