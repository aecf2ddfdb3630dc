// SPDX-License-Identifier: Apache-2.0
// Several clients, one line: request ids on the line are ours, and each answer finds its way back.

/** Takes an answer. */
export type Deliver = (response: Buffer) => void;

interface Pending {
	readonly owner: unknown;
	readonly deliver: Deliver;
	readonly expires: number;
}

/** Ids on the line, 1..65535, each with whom its answer is for. */
export class RequestTable {
	private readonly pending = new Map<number, Pending>();
	private last = 0;

	/**
	 * Gives a request the id it has on the line; undefined when all are taken. `owner` is who drops them all at once;
	 * `expires` is when nobody waits any more, on the clock that `expire` is given.
	 */
	add(owner: unknown, deliver: Deliver, expires: number): number | undefined {
		for (let tries = 0; tries < 0xffff; tries++) {
			this.last = (this.last % 0xffff) + 1;
			if (this.pending.has(this.last)) continue;
			this.pending.set(this.last, { owner, deliver, expires });
			return this.last;
		}
		return undefined;
	}

	/** Hands an answer to whom it is for; false when nobody waits for it. */
	deliver(id: number, response: Buffer): boolean {
		const found = this.pending.get(id);
		this.pending.delete(id);
		found?.deliver(response);
		return found !== undefined;
	}

	/** How many requests of one owner are open. */
	count(owner: unknown): number {
		let count = 0;
		for (const entry of this.pending.values()) if (entry.owner === owner) count++;
		return count;
	}

	/** An owner has gone: its answers go nowhere. */
	drop(owner: unknown): void {
		for (const [id, entry] of this.pending) if (entry.owner === owner) this.pending.delete(id);
	}

	/** Forgets what nobody waits for any more. */
	expire(now: number): void {
		for (const [id, entry] of this.pending) if (entry.expires <= now) this.pending.delete(id);
	}

	clear(): void {
		this.pending.clear();
	}
}
