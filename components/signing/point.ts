// SPDX-License-Identifier: Apache-2.0
// Points of edwards25519 (RFC 8032, 5.1): finds a public key's x coordinate, which Veil then need not, and refuses keys that prove nothing.
// Public data alone passes through here, so nothing has to take the same time for all.

const P = 2n ** 255n - 19n;
/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
/** A square root of -1. */
const I = power(2n, (P - 1n) / 4n);

/** Bytes of a coordinate. */
export const POINT_BYTES = 32;

/** A point in extended coordinates: x = X/Z, y = Y/Z, x * y = T/Z. */
interface Point {
	readonly X: bigint;
	readonly Y: bigint;
	readonly Z: bigint;
	readonly T: bigint;
}

/** Why 32 bytes are no public key. */
export type PointFault =
	| "is no point of the curve"
	| "is a point of small order, for which anybody can sign"
	| "has a part of small order, which no proper key has";

/**
 * The affine x coordinate of a public key, little-endian, or why it is none. A point that is good has the base point's order: no part of
 * it is of small order, so that a signature means the same to every verifier.
 */
export function affineX(publicKey: Uint8Array): Uint8Array | PointFault {
	const point = decompress(publicKey);
	if (point === undefined) return "is no point of the curve";
	if (isIdentity(times(8n, point))) return "is a point of small order, for which anybody can sign";
	if (!isIdentity(times(L, point))) return "has a part of small order, which no proper key has";
	return bytes(point.X);
}

/** RFC 8032, 5.1.3; a y that is not reduced is refused. */
function decompress(encoded: Uint8Array): Point | undefined {
	if (encoded.length !== POINT_BYTES) return undefined;
	const number = BigInt(`0x${Buffer.from(encoded).reverse().toString("hex")}`);
	const sign = number >> 255n;
	const y = number & (2n ** 255n - 1n);
	if (y >= P) return undefined;
	const u = mod(y * y - 1n);
	const v = mod(D * y * y + 1n);
	let x = mod(u * power(v, 3n) * power(mod(u * power(v, 7n)), (P - 5n) / 8n));
	if (mod(v * x * x) !== u) x = mod(x * I);
	if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return undefined;
	if ((x & 1n) !== sign) x = P - x;
	return { X: x, Y: y, Z: 1n, T: mod(x * y) };
}

/** RFC 8032, 5.1.4; the formulas hold for all points. */
function add(p: Point, q: Point): Point {
	const a = mod((p.Y - p.X) * (q.Y - q.X));
	const b = mod((p.Y + p.X) * (q.Y + q.X));
	const c = mod(2n * D * p.T * q.T);
	const d = mod(2n * p.Z * q.Z);
	const [e, f, g, h] = [b - a, d - c, d + c, b + a];
	return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) };
}

function times(factor: bigint, point: Point): Point {
	let sum: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n };
	for (const bit of factor.toString(2)) {
		sum = add(sum, sum);
		if (bit === "1") sum = add(sum, point);
	}
	return sum;
}

function isIdentity({ X, Y, Z }: Point): boolean {
	return X === 0n && Y === Z;
}

function mod(value: bigint): bigint {
	const rest = value % P;
	return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
	let result = 1n;
	for (const bit of exponent.toString(2)) {
		result = mod(result * result);
		if (bit === "1") result = mod(result * base);
	}
	return result;
}

function inverse(value: bigint): bigint {
	return power(value, P - 2n);
}

function bytes(value: bigint): Uint8Array {
	return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * POINT_BYTES, "0"), "hex").reverse());
}
