// SPDX-License-Identifier: Apache-2.0
// The measures of a persona's picture: the indicator strip on Veil's pages and, right below it, the body the persona draws (see abi.h).
import { VEIL_PAGE_SIZE } from "./abi.ts";

/** A board's screen, in pixels. */
export interface Display {
	width: number;
	height: number;
}

/** The measures of every surface of a phone. Sizes are bytes. */
export interface SurfaceShape {
	/** Pixels, the strip's included. */
	width: number;
	height: number;
	stride: number;
	stripRows: number;
	stripSize: number;
	/** Whole pages that hold the strip at their end. */
	stripRoom: number;
	/** Whole pages. */
	bodySize: number;
}

const BYTES_PER_PIXEL = 4;
/** Rows a label needs. */
const STRIP_ROWS = 32;
/** A strip's bytes are a multiple of this, so that the body can begin a page of any guest. */
const STRIP_MULTIPLE = 4096;

/** The measures of surfaces for a screen. @throws RangeError when a strip leaves no room on it */
export function surfaceShape({ width, height }: Display): SurfaceShape {
	const stride = width * BYTES_PER_PIXEL;
	let stripRows = STRIP_ROWS;
	while ((stripRows * stride) % STRIP_MULTIPLE !== 0) stripRows++;
	if (stripRows >= height) throw new RangeError(`a strip of ${stripRows} rows leaves nothing of a screen of ${width}×${height}`);
	const stripSize = stripRows * stride;
	const pages = (size: number) => Math.ceil(size / VEIL_PAGE_SIZE) * VEIL_PAGE_SIZE;
	return { width, height, stride, stripRows, stripSize, stripRoom: pages(stripSize), bodySize: pages(height * stride - stripSize) };
}
