// SPDX-License-Identifier: Apache-2.0
// The small parts: markers, request ids, logs, personas, ids and socket folders.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonaStatus } from "../../components/handset/control-messages.ts";
import { PersonaTracker } from "../../components/handset/personas.ts";
import { MarkerWatcher } from "../../components/handset/ready.ts";
import { RequestTable } from "../../components/handset/request-table.ts";
import { previousLog, RotatingLog } from "../../components/handset/rotating-log.ts";
import { checkId, socketDir } from "../../components/handset/run-folder.ts";
import { UserError } from "../../components/util/errors.ts";

describe("MarkerWatcher", () => {
	it("finds its marker however the output is cut, and only when it is there", () => {
		fc.assert(
			fc.property(fc.string(), fc.string(), fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (before, after, cuts, there) => {
				const marker = "persona: READY";
				const text = Buffer.from(`${before}${there ? marker : "persona: READ"}\n${after}`);
				const watcher = new MarkerWatcher(marker);
				const points = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
				const found = points.slice(1).some((to, index) => watcher.push(text.subarray(points[index], to)));
				expect(found).toBe(text.includes(marker));
			}),
		);
	});

	it("does not put two starts together", () => {
		const watcher = new MarkerWatcher("READY");
		watcher.push(Buffer.from("REA"));
		watcher.restart();
		expect(watcher.push(Buffer.from("DY"))).toBe(false);
	});
});

describe("PersonaTracker", () => {
	const recorded = { name: "work", readyMarker: "READY", startAtBoot: true };
	const status = (changes: Partial<PersonaStatus>): PersonaStatus => ({
		name: "work",
		state: "running",
		reason: "none",
		saidReady: false,
		foreground: false,
		restarts: 0,
		starts: 1,
		cpuCount: 1,
		cpuTimeNs: 0n,
		memoryTotal: 0,
		memoryTouched: 0,
		...changes,
	});

	it("is ready from its marker until it ends, and not after a restart", () => {
		const tracker = new PersonaTracker(recorded, undefined);
		tracker.event({ state: "running", reason: "none", starts: 1 });
		expect(tracker.now.ready).toBe(false);
		tracker.output(Buffer.from("READY"));
		expect(tracker.now.ready).toBe(true);
		tracker.event({ state: "paused", reason: "command", starts: 1 });
		expect(tracker.now.ready).toBe(true);
		tracker.event({ state: "crashed", reason: "fault", starts: 1 });
		expect(tracker.now.ready).toBe(false);
		tracker.event({ state: "running", reason: "fault", starts: 2 });
		expect(tracker.now.ready).toBe(false);
		expect(tracker.awaited).toBe(true);
	});

	it("takes Veil's own flag for the marker, and running for ready where none is declared", () => {
		const flagged = new PersonaTracker(recorded, undefined);
		flagged.status(status({ saidReady: true }));
		expect(flagged.now.ready).toBe(true);
		const unmarked = new PersonaTracker({ ...recorded, readyMarker: null }, undefined);
		unmarked.status(status({}));
		expect(unmarked.now.ready).toBe(true);
	});

	it("remembers over a change of bridges, and says when it may have missed the marker", () => {
		const first = new PersonaTracker(recorded, undefined);
		first.status(status({}));
		expect(first.now.missed).toBe(false);
		const waiting = new PersonaTracker(recorded, first.now);
		expect(waiting.now).toMatchObject({ ready: false, missed: true });
		waiting.output(Buffer.from("READY"));
		const second = new PersonaTracker(recorded, waiting.now);
		second.status(status({}));
		expect(second.now.ready).toBe(true);
		const restarted = new PersonaTracker(recorded, waiting.now);
		restarted.status(status({ starts: 2 }));
		expect(restarted.now).toMatchObject({ ready: false, missed: true });
	});
});

describe("RequestTable", () => {
	it("brings every answer to its asker, and none to one that has gone", () => {
		const table = new RequestTable();
		const got: string[] = [];
		const a = table.add("a", (response) => got.push(`a ${response}`), 10);
		const b = table.add("b", (response) => got.push(`b ${response}`), 10);
		expect(a).not.toBe(b);
		table.drop("a");
		expect(table.deliver(a!, Buffer.from("1"))).toBe(false);
		expect(table.deliver(b!, Buffer.from("2"))).toBe(true);
		expect(table.deliver(b!, Buffer.from("2"))).toBe(false);
		expect(got).toEqual(["b 2"]);
	});

	it("never gives an id twice at a time, and never 0", () => {
		const table = new RequestTable();
		const ids = new Set(Array.from({ length: 0xffff }, () => table.add("x", () => {}, 1)));
		expect(ids.size).toBe(0xffff);
		expect(ids.has(0)).toBe(false);
		expect(table.add("x", () => {}, 1)).toBeUndefined();
		table.expire(1);
		expect(table.add("x", () => {}, 1)).toBeGreaterThan(0);
	});
});

describe("files", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "persona-test-"));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it("rotates a log so that two files of the limit are the most there is", () => {
		const path = join(folder, "a.log");
		const log = new RotatingLog(path, 100);
		for (let line = 0; line < 50; line++) log.write(Buffer.from(`line ${line}\n`.padStart(20)));
		log.close();
		expect(statSync(path).size).toBeLessThanOrEqual(100);
		expect(statSync(previousLog(path)).size).toBeLessThanOrEqual(100);
		expect(statSync(path).mode & 0o777).toBe(0o600);
		expect(readFileSync(path, "utf8")).toMatch(/line 49\n$/);
		expect(existsSync(`${path}.2`)).toBe(false);
	});

	it("puts sockets beside the handset, or where their paths are short enough", () => {
		expect(socketDir("/short")).toBe("/short");
		const long = `/${"x".repeat(120)}`;
		const elsewhere = socketDir(long, { XDG_RUNTIME_DIR: "/run/user/1" });
		expect(elsewhere).toMatch(/^\/run\/user\/1\/persona-\d+-[0-9a-f]{16}$/);
		expect(socketDir(long, { XDG_RUNTIME_DIR: "/run/user/1" })).toBe(elsewhere);
		expect(socketDir(`${long}y`, { XDG_RUNTIME_DIR: "/run/user/1" })).not.toBe(elsewhere);
		expect(Buffer.byteLength(socketDir(long, { XDG_RUNTIME_DIR: long }))).toBeLessThan(90);
	});

	it.each(["", "-a", "a-", "A", "a b", "../a", "a".repeat(64), "a/b"])("refuses the id %j", (id) => {
		expect(() => checkId(id)).toThrow(UserError);
	});
});
