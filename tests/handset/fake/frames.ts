// SPDX-License-Identifier: Apache-2.0
// Frames of the mux as abi.h describes them, the slow and plain way.

/** One frame, built bit by bit. */
export function frameSlow(channel: number, payload: Uint8Array): Buffer {
	const body = [channel, payload.length & 0xff, payload.length >> 8, ...payload];
	const crc = crcSlow(body);
	return Buffer.from([0xb5, 0x62, ...body, crc & 0xff, crc >> 8]);
}

/** CRC-16/XMODEM without a table. */
export function crcSlow(bytes: readonly number[]): number {
	let crc = 0;
	for (const byte of bytes) {
		for (let bit = 7; bit >= 0; bit--) {
			const carry = ((crc >> 15) ^ (byte >> bit)) & 1;
			crc = ((crc << 1) & 0xffff) ^ (carry ? 0x1021 : 0);
		}
	}
	return crc;
}

/** Finds the frames in a stream, byte by byte. */
export class FrameReaderSlow {
	/** Frames that were not whole. */
	garbage = 0;
	private readonly take: (channel: number, payload: Buffer) => void;
	private readonly input: number[] = [];

	constructor(take: (channel: number, payload: Buffer) => void) {
		this.take = take;
	}

	read(bytes: Uint8Array): void {
		for (const byte of bytes) {
			this.input.push(byte);
			while (this.step());
		}
	}

	private step(): boolean {
		const { input } = this;
		if (input.length === 0) return false;
		if (input[0] !== 0xb5) return input.splice(0, 1).length > 0;
		if (input.length < 2) return false;
		if (input[1] !== 0x62) return input.splice(0, 1).length > 0;
		if (input.length < 5) return false;
		const length = input[3]! | (input[4]! << 8);
		if (length === 0 || length > 256) return this.drop();
		if (input.length < length + 7) return false;
		const crc = crcSlow(input.slice(2, 5 + length));
		if (crc !== (input[5 + length]! | (input[6 + length]! << 8))) return this.drop();
		const payload = Buffer.from(input.slice(5, 5 + length));
		const channel = input[2]!;
		input.splice(0, length + 7);
		this.take(channel, payload);
		return true;
	}

	private drop(): boolean {
		this.garbage++;
		this.input.splice(0, 2);
		return true;
	}
}
