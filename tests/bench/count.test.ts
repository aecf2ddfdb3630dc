// SPDX-License-Identifier: Apache-2.0
// What markers say, and how rows are judged and printed.
import { describe, expect, it } from "vitest";
import { between, markedValues, median, parseCounts, worst } from "../../bench/count.ts";
import { textOf } from "../../bench/n800-size.ts";
import { judgedRow, renderTable, renderTimes, seconds, verdict } from "../../bench/table.ts";

/** The plugin's lines for a value told by a guest at this address. */
function told(value: bigint, address: string, total: number): string[] {
	return [...value.toString(16).padStart(16, "0")].map((digit) => `mark c${digit} ${address} ${total} 5`);
}

describe("the plugin's file", () => {
	it("gives markers, and totals at the end", () => {
		const counts = parseCounts("mark 10 40080000 100 7\nmark 11 40080008 190 90\nstop 0 0 200 91\n");
		expect(counts).toEqual({
			marks: [
				{ number: 0x10, address: 0x40080000, total: 100, windows: [7] },
				{ number: 0x11, address: 0x40080008, total: 190, windows: [90] },
			],
			total: 200,
			windows: [91],
		});
		expect(between(counts.marks, 0x10, 0x11)).toEqual([89]);
	});

	it("is refused when QEMU ended too early or was killed", () => {
		expect(() => parseCounts("mark 10 40080000 100\nend 0 0 120\n")).toThrow("ended after 120 instructions");
		expect(() => parseCounts("mark 10 40080000 100\n")).toThrow("killed");
	});

	it("keeps the numbers of two guests apart", () => {
		const mine = told(0x1234n, "40081000", 1);
		const others = told(0xffffn, "48081000", 1);
		const mixed = mine.flatMap((line, n) => [others[n] ?? "", line]);
		const { marks } = parseCounts(["mark 41 40084000 1 5", ...mixed, "stop 0 0 9 9"].join("\n"));
		expect(markedValues(marks, 0x41)).toEqual([0x1234]);
	});

	it("can tell a number below zero", () => {
		const { marks } = parseCounts(["mark 41 40084000 1 5", ...told((1n << 64n) - 2n, "40081000", 1), "stop 0 0 9 9"].join("\n"));
		expect(markedValues(marks, 0x41)).toEqual([-2]);
	});
});

describe("statistics", () => {
	it("refuse to speak of nothing", () => {
		expect(() => median([])).toThrow("no values");
		expect(() => worst([])).toThrow("no values");
	});

	it("median and worst", () => {
		expect(median([5, 1, 3])).toBe(3);
		expect(worst([5, 1, 3])).toBe(5);
	});
});

describe("rows", () => {
	it("are met, missed or not judged", () => {
		expect(verdict({ name: "a", veil: 120, atMost: 120 })).toBe("met");
		expect(verdict({ name: "a", veil: 121, atMost: 120 })).toBe("missed");
		expect(verdict({ name: "a", veil: 121 })).toBe("-");
		expect(verdict({ name: "a", veil: 1_000, judged: 0.9, atMost: 1 })).toBe("met");
	});

	it("are printed with how far a target was missed", () => {
		const lines = renderTable([{ name: "switch", xen: 3803, veil: 660, atMost: 600 }]).split("\n");
		expect(lines).toHaveLength(3);
		expect(lines[2]?.split("|").map((cell) => cell.trim())).toEqual([
			"",
			"switch",
			"–",
			"3,803",
			"–",
			"660",
			"≤ 600",
			"missed by 10.0 %",
			"",
		]);
	});

	it("of times are judged by what was measured, and printed beside what they are compared with", () => {
		const row = { name: "up", beside: 1000, measured: 2500, show: seconds, judged: 2.5, atMost: 2, target: "≤ 2.00×" };
		expect(verdict(judgedRow(row))).toBe("missed");
		expect(renderTimes([row]).split("\n")[2]?.split("|")).toEqual(
			["", "up", "1.00 s", "2.50 s", "≤ 2.00×", "missed by 25.0 %", ""].map((text) =>
				text === "" ? "" : expect.stringContaining(text),
			),
		);
	});
});

describe("code by source file", () => {
	const symbols = [
		"00000000 a shift",
		"fff10000 t $t",
		"fff10000 T walk\t/x/veil/arch/armv6/walk.c:7",
		"fff10040 t sched_run\tveil/core/sched.c:9",
		"fff10100 T __udivsi3",
		"fff10120 T put\tveil/devices/omap_uart.c:1",
		"fff10130 B state\tveil/core/state.c:1",
	].join("\n");

	it("reaches from a function to the next symbol", () => {
		expect(textOf(symbols, /(^|\/)(core|arch\/armv6)\/[^/]*$/)).toBe(0x100);
		expect(textOf(symbols, /devices\//)).toBe(0x10);
	});

	it("is refused when no file is known", () => {
		expect(() => textOf("fff10000 T walk\nfff10004 T next", /core/)).toThrow("no function");
	});
});
