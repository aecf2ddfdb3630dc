// SPDX-License-Identifier: Apache-2.0
// The verifier's part for pictures: no guest can write a strip, and each body is its persona's alone.
import { VEIL_MAX_PIXELS, VEIL_OWNER_VEIL, VEIL_PAGE_SIZE, type VeilSurface } from "./abi.ts";
import { PIXEL_FORMATS, pixelFormat } from "./surface.ts";
import { nameText } from "./veil-manifest.ts";
import type { RawImage } from "./verify.ts";
import { ownedBy, type Range } from "./verify-owner.ts";

const PAGE = BigInt(VEIL_PAGE_SIZE);

/** Everything that is wrong with an image's surfaces, as sentences. */
export function* surfaceProblems({ header, manifest, tables }: RawImage): Generator<string> {
	const { surfaces, personas, payloads, regions } = tables;
	if (surfaces.length !== 0 && surfaces.length !== personas.length) {
		yield `${surfaces.length} surfaces for ${personas.length} personas`;
		return;
	}
	const image = regions.find(({ owner }) => owner === VEIL_OWNER_VEIL)?.base ?? 0n;
	const taken: Range[] = [
		{ from: image, to: image + header.imageSize },
		{ from: manifest.workBase, to: manifest.workBase + manifest.workSize },
	];
	yield* viewProblems(manifest.viewBase, tables, taken);
	for (const [index, surface] of surfaces.entries()) {
		const persona = personas[index];
		if (persona === undefined) return;
		const at = `the picture of persona ${nameText(persona.name)}`;
		yield* measureProblems(surface, at);
		const strip = BigInt(surface.stripRows) * BigInt(surface.stride);
		if (payloads[surface.stripPayload]?.size !== strip) yield `${at}: no payload has its strip's ${strip} bytes`;
		const body = { from: surface.hostBase + strip, to: surface.hostBase + strip + surface.bodySize };
		const pages = { from: surface.hostBase - (surface.hostBase % PAGE), to: body.from };
		yield* ownedBy(tables, VEIL_OWNER_VEIL, pages, `${at}: its strip`);
		yield* ownedBy(tables, surface.bodyGuestBase === 0n ? VEIL_OWNER_VEIL : index, body, `${at}: its body`);
		const ram = { from: persona.ramHostBase, to: persona.ramHostBase + persona.ramSize };
		const whole = { from: pages.from, to: body.to };
		for (const other of [...taken, ram]) if (whole.from < other.to && whole.to > other.from) yield `${at} lies on other memory`;
		taken.push(whole);
		if (surface.bodyGuestBase !== 0n && surface.bodyGuestBase !== persona.ramGuestBase + persona.ramSize)
			yield `${at}: the guest does not find it at the end of its RAM`;
	}
}

/** Where Veil draws two pictures must be its own and nothing else's; adds the place to those taken. */
function* viewProblems(base: bigint, tables: RawImage["tables"], taken: Range[]): Generator<string> {
	const [first, ...others] = tables.surfaces;
	if (base === 0n) return;
	if (first === undefined) {
		yield "a place to draw two pictures side by side, and no picture";
		return;
	}
	const size = BigInt(first.height) * BigInt(first.stride);
	const place = { from: base, to: base + ((size + PAGE - 1n) / PAGE) * PAGE };
	if (base % PAGE !== 0n || first.stride % 128 !== 0) yield "the pictures side by side are not on whole pages and cache lines";
	if (
		others.some(({ width, height, stripRows }) => width !== first.width || height !== first.height || stripRows !== first.stripRows)
	)
		yield "pictures of different sizes cannot be drawn side by side";
	yield* ownedBy(tables, VEIL_OWNER_VEIL, place, "the pictures side by side");
	for (const other of taken)
		if (place.from < other.to && place.to > other.from) yield "the pictures side by side lie on other memory";
	taken.push(place);
}

function* measureProblems(
	{ width, height, stride, format, stripRows, hostBase, bodySize }: VeilSurface,
	at: string,
): Generator<string> {
	const known = pixelFormat(format);
	if (known === undefined) yield `${at}: unknown pixel format ${format}`;
	if (width < 16 || width > VEIL_MAX_PIXELS || height > VEIL_MAX_PIXELS) yield `${at}: ${width} × ${height} pixels`;
	if (known !== undefined && stride !== width * PIXEL_FORMATS[known].bytes) yield `${at}: ${stride} bytes a row of ${width} pixels`;
	if (stripRows < 1 || stripRows >= height) yield `${at}: a strip of ${stripRows} of ${height} rows`;
	const body = hostBase + BigInt(stripRows) * BigInt(stride);
	if (hostBase % 4096n !== 0n || body % PAGE !== 0n || bodySize % PAGE !== 0n) yield `${at}: strip or body is not on whole pages`;
	if (bodySize < BigInt(height - stripRows) * BigInt(stride)) yield `${at}: its body is too small`;
}
