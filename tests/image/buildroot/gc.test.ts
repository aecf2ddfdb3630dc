// SPDX-License-Identifier: Apache-2.0
// Garbage collection of what Buildroot keeps: by last use, part by part, and never under a build that runs.
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { collectBuildroot } from "../../../components/image/buildroot/gc.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const NOW = Date.now() + 100 * 24 * 3600 * 1000;
let dir: string;
let store: string;
beforeEach(() => {
	dir = join(temporaryFolder(), "buildroot");
	store = join(dir, "../store");
	file("downloads/busybox/old.tar", 40, 1000);
	file("downloads/busybox/new.tar", 10, 2000);
	file("ccache/a/old.R", 40, 100);
	file("ccache/a/stats", 40, 10);
	file("toolchains/1234/bin/gcc", 500, 5000);
	utimesSync(join(dir, "toolchains/1234"), days(3), days(3));
	file("work/0123456789abcdef/output/build/x.o", 60, 700);
});

const days = (count: number) => new Date(NOW - count * 24 * 3600 * 1000);
function file(path: string, age: number, size: number): void {
	mkdirSync(dirname(join(dir, path)), { recursive: true });
	writeFileSync(join(dir, path), Buffer.alloc(size));
	utimesSync(join(dir, path), days(age), days(age));
}

test("archives and compiled files go one by one, compilers by their last use, and what remains is told with its size", async () => {
	const { parts, isBusy } = await collectBuildroot(store, { now: NOW }, dir);
	expect(isBusy).toBe(false);
	expect(parts.downloads).toEqual({ removed: 1, freed: 1000, kept: 1, keptSize: 2000 });
	expect(parts.ccache).toEqual({ removed: 1, freed: 100, kept: 0, keptSize: 0 });
	expect(parts.toolchains).toEqual({ removed: 0, freed: 0, kept: 1, keptSize: 5000 });
	expect(existsSync(join(dir, "downloads/busybox/old.tar"))).toBe(false);
	expect(existsSync(join(dir, "ccache/a/stats"))).toBe(true);
});

test("what a build left that was cut short goes when nobody went on with it", async () => {
	// Its files were written just now, a hundred days before the clock of this test.
	expect((await collectBuildroot(store, { now: Date.now() }, dir)).parts.work).toMatchObject({ removed: 0, kept: 1 });
	expect((await collectBuildroot(store, { now: NOW }, dir)).parts.work).toEqual({ removed: 1, freed: 700, kept: 0, keptSize: 0 });
	expect(existsSync(join(dir, "work/0123456789abcdef"))).toBe(false);
});

test("a dry run only tells", async () => {
	const { parts } = await collectBuildroot(store, { now: NOW, dryRun: true, keepDays: 0 }, dir);
	expect(Object.values(parts).reduce((sum, { freed }) => sum + freed, 0)).toBe(8800);
	expect(existsSync(join(dir, "work/0123456789abcdef/output/build/x.o"))).toBe(true);
});

test("nothing goes while a build runs; the lock of one that was killed does not count", async () => {
	const lock = join(store, "locks", `0123456789abcdef${"0".repeat(48)}.lock`);
	mkdirSync(lock, { recursive: true });
	utimesSync(lock, new Date(NOW), new Date(NOW));
	const busy = await collectBuildroot(store, { now: NOW, keepDays: 0 }, dir);
	expect(busy.isBusy).toBe(true);
	expect(Object.values(busy.parts).every(({ removed }) => removed === 0)).toBe(true);
	utimesSync(lock, days(1), days(1));
	expect((await collectBuildroot(store, { now: NOW, keepDays: 0 }, dir)).isBusy).toBe(false);
});

test("where Buildroot was never used, there is nothing", async () => {
	const { parts } = await collectBuildroot(store, {}, join(dir, "none"));
	expect(parts.work).toEqual({ removed: 0, freed: 0, kept: 0, keptSize: 0 });
});
