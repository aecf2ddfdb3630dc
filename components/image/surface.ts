// SPDX-License-Identifier: Apache-2.0
// The measures of a persona's picture: the indicator strip on Veil's pages and, right below it, the body the persona draws (see abi.h).
import type { Board } from "../manifest/index.ts";
import { VEIL_FORMAT_RGB565, VEIL_FORMAT_XRGB8888, VEIL_PAGE_SIZE } from "./abi.ts";

/** How a pixel lies in memory: by the name board documents have for it. */
export type PixelFormat = NonNullable<Board["display"]>["pixelFormat"];

/** `fourcc`: VEIL_FORMAT_...; `framebuffer`: the name in Linux's binding simple-framebuffer. */
export const PIXEL_FORMATS = {
	xrgb8888: { fourcc: VEIL_FORMAT_XRGB8888, bytes: 4, framebuffer: "x8r8g8b8" },
	rgb565: { fourcc: VEIL_FORMAT_RGB565, bytes: 2, framebuffer: "r5g6b5" },
} as const satisfies Record<PixelFormat, unknown>;

/** The format of a VEIL_FORMAT_..., or undefined. */
export function pixelFormat(fourcc: number): PixelFormat | undefined {
	const names = Object.keys(PIXEL_FORMATS) as PixelFormat[];
	return names.find((name) => PIXEL_FORMATS[name].fourcc === fourcc);
}

/** A board's screen, in pixels. */
export interface Display {
	width: number;
	height: number;
	format: PixelFormat;
	/** It shows parts of several pictures by itself: Veil needs no place to draw two side by side. */
	hasWindows?: boolean;
}

/** The measures of every surface of a phone. Sizes are bytes. */
export interface SurfaceShape {
	/** Pixels, the strip's included. */
	width: number;
	height: number;
	format: PixelFormat;
	hasWindows: boolean;
	stride: number;
	stripRows: number;
	stripSize: number;
	/** Whole pages that hold the strip at their end. */
	stripRoom: number;
	/** Whole pages. */
	bodySize: number;
}

/** Rows a label needs. */
const STRIP_ROWS = 32;
/** A strip's bytes are a multiple of this, so that the body can begin a page of any guest. */
const STRIP_MULTIPLE = 4096;

/** The measures of surfaces for a screen. @throws RangeError when a strip leaves no room on it */
export function surfaceShape({ width, height, format, hasWindows = false }: Display): SurfaceShape {
	const stride = width * PIXEL_FORMATS[format].bytes;
	let stripRows = STRIP_ROWS;
	while ((stripRows * stride) % STRIP_MULTIPLE !== 0) stripRows++;
	if (stripRows >= height) throw new RangeError(`a strip of ${stripRows} rows leaves nothing of a screen of ${width}×${height}`);
	const stripSize = stripRows * stride;
	const pages = (size: number) => Math.ceil(size / VEIL_PAGE_SIZE) * VEIL_PAGE_SIZE;
	const sizes = { stride, stripRows, stripSize, stripRoom: pages(stripSize), bodySize: pages(height * stride - stripSize) };
	return { width, height, format, hasWindows, ...sizes };
}
