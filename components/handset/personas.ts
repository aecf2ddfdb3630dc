// SPDX-License-Identifier: Apache-2.0
// What the bridge knows of each persona: which start it is in, and whether that start is up.
import type { PersonaStatus, StateEvent } from "./control-messages.ts";
import { MarkerWatcher } from "./ready.ts";
import type { BridgePersona, RecordedPersona } from "./record.ts";

/** One persona; pure but for its memory. */
export class PersonaTracker {
	private view: BridgePersona;
	private readonly watcher: MarkerWatcher | undefined;
	/** The marker or Veil's flag was seen in this start. */
	private said: boolean;

	/** `before` is what an earlier bridge knew of the same boot. */
	constructor(recorded: RecordedPersona, before: BridgePersona | undefined) {
		this.watcher = recorded.readyMarker === null ? undefined : new MarkerWatcher(recorded.readyMarker);
		this.said = before?.ready ?? false;
		this.view = before ?? {
			name: recorded.name,
			state: "unknown",
			reason: "none",
			starts: 0,
			restarts: 0,
			ready: false,
			missed: false,
		};
		// What its console said between two bridges nobody heard.
		if (before !== undefined && !this.said) this.view = { ...this.view, missed: true };
	}

	get now(): BridgePersona {
		return this.view;
	}

	/** It runs and has not said that it is up, or nobody has said yet what it does. */
	get awaited(): boolean {
		return !this.view.ready && ["running", "starting", "unknown"].includes(this.view.state);
	}

	/** Veil booted anew. */
	reset(): void {
		this.begin(0, false);
		const { lastFault: _, ...rest } = this.view;
		this.view = { ...rest, state: "unknown", reason: "none", restarts: 0, ready: false };
	}

	/** Veil said that the state has changed. */
	event(event: StateEvent): void {
		this.startIs(event.starts, false);
		this.update({ state: event.state, reason: event.reason });
	}

	/** Veil answered a question about it. */
	status(status: PersonaStatus): void {
		// A start that no event told of began while no bridge listened, or before the first one came.
		this.startIs(status.starts, this.view.starts !== 0);
		if (status.saidReady) this.said = true;
		const { lastFault: _, ...rest } = this.view;
		this.view = status.lastFault === undefined ? rest : { ...rest, lastFault: status.lastFault };
		this.update({ state: status.state, reason: status.reason, restarts: status.restarts });
	}

	/** Its console said something. */
	output(bytes: Buffer): void {
		if (this.said || this.watcher === undefined) return;
		if (!this.watcher.push(bytes)) return;
		this.said = true;
		this.update({});
	}

	private startIs(starts: number, missed: boolean): void {
		// What its console has said before anybody told of its first start, it said in that.
		if (starts === 1 && this.view.starts === 0) this.view = { ...this.view, starts };
		else if (starts !== this.view.starts) this.begin(starts, missed);
	}

	private begin(starts: number, missed: boolean): void {
		this.said = false;
		this.watcher?.restart();
		this.view = { ...this.view, starts, missed, ready: false };
	}

	private update(changes: Partial<BridgePersona>): void {
		const next = { ...this.view, ...changes };
		const up = this.said || (this.watcher === undefined && next.state === "running") || (this.watcher === undefined && next.ready);
		this.view = { ...next, ready: up && (next.state === "running" || next.state === "paused") };
	}
}
