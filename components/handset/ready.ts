// SPDX-License-Identifier: Apache-2.0
// Finds the text by which a guest says that it is up, in a console stream that comes in pieces.

/** Looks for one marker in one start's output. */
export class MarkerWatcher {
	private readonly marker: Buffer;
	private tail: Buffer = Buffer.alloc(0);

	/** An empty marker is a bug: it would be found everywhere. */
	constructor(marker: string) {
		if (marker === "") throw new RangeError("an empty marker says nothing");
		this.marker = Buffer.from(marker, "utf8");
	}

	/** Another start begins: what came before does not count. */
	restart(): void {
		this.tail = Buffer.alloc(0);
	}

	/** Takes the next output; true when the marker is complete with it. */
	push(output: Buffer): boolean {
		const joined = Buffer.concat([this.tail, output]);
		if (joined.includes(this.marker)) return true;
		const keep = Math.min(joined.length, this.marker.length - 1);
		this.tail = Buffer.from(joined.subarray(joined.length - keep));
		return false;
	}
}
