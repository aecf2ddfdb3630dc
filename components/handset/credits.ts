// SPDX-License-Identifier: Apache-2.0
// Credits of one channel in one direction: running totals modulo 2^32, so that a lost or repeated grant does no harm.

/** How far `to` is ahead of `from` on the circle of 32-bit totals; negative when it is behind. */
function ahead(to: number, from: number): number {
	return (to - from) | 0;
}

/** The sender's side: how much the other has granted, how much has been sent. */
export class SendCredit {
	private sent = 0;
	private granted = 0;

	/** Payload bytes that may be sent now. */
	get available(): number {
		return Math.max(0, ahead(this.granted, this.sent));
	}

	/** Takes a grant; one that is not ahead of the last is old and changes nothing. */
	grant(total: number): void {
		if (ahead(total, this.granted) > 0) this.granted = total >>> 0;
	}

	/** Counts payload bytes as sent. */
	use(bytes: number): void {
		if (bytes > this.available) throw new RangeError(`${bytes} bytes sent with a credit of ${this.available}`);
		this.sent = (this.sent + bytes) >>> 0;
	}

	/** A hello was sent: what follows counts from zero. */
	restart(): void {
		this.sent = 0;
		this.granted = 0;
	}

	/** A hello came: grants from before it are void. */
	forgetGrants(): void {
		this.granted = this.sent;
	}
}

/** The receiver's side: keeps `window` bytes granted ahead of what has come in. */
export class ReceiveCredit {
	private received = 0;
	private granted = 0;
	private readonly window: number;

	constructor(window: number) {
		this.window = window;
	}

	/** Counts payload bytes that came in. */
	take(bytes: number): void {
		this.received = (this.received + bytes) >>> 0;
	}

	/** The total to grant, when half of the window has been used since the last grant; else undefined. */
	due(): number | undefined {
		const wanted = (this.received + this.window) >>> 0;
		if (ahead(wanted, this.granted) < this.window / 2) return undefined;
		this.granted = wanted;
		return wanted;
	}

	/** A hello came: what follows counts from zero. */
	restart(): void {
		this.received = 0;
		this.granted = 0;
	}
}
