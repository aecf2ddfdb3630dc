// SPDX-License-Identifier: Apache-2.0
// The rows of the comparison, their targets, and how they are printed.

/** What may be said of one system in a row: a number, or a word where there is none. */
export type Cell = number | string | undefined;

export interface Row {
	name: string;
	bare?: Cell;
	xen?: Cell;
	veil?: Cell;
	/** What was published of KVM. */
	kvm?: string | undefined;
	/** How a number is shown; default as an integer. */
	show?: (value: number) => string;
	/** Largest value Veil may have; absent where nothing is asked. */
	atMost?: number;
	/** What the target is relative to, and what is printed for it. */
	target?: string;
	/** Veil's number as the target sees it; default: the number itself. */
	judged?: number;
}

/** KVM in nVHE mode with QEMU as measured and published before, in the same way; not measured again here. */
export const KVM = {
	hypercall: "1,578",
	uart: "16,449",
	timer: "2,921 / 2,551",
	quiet: "≥ 4,595",
	verbose: "6,362.5",
	disk: "56 MB",
	ram: "181 MB",
} as const;

export type Verdict = "met" | "missed" | "-";

/** Whether Veil is within the target. */
export function verdict(row: Row): Verdict {
	const value = row.judged ?? row.veil;
	if (row.atMost === undefined || typeof value !== "number") return "-";
	return value <= row.atMost ? "met" : "missed";
}

/** An integer with thousands separated. */
export function integer(value: number): string {
	return Math.round(value).toLocaleString("en-US");
}

/** Millions of instructions. */
export function millions(value: number): string {
	return `${(value / 1e6).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} M`;
}

/** Milliseconds, as seconds. */
export function seconds(value: number): string {
	return `${(value / 1000).toFixed(2)} s`;
}

/** Bytes. */
export function bytes(value: number): string {
	if (value < 1024) return `${value} B`;
	return value < 2 ** 20 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 2 ** 20).toFixed(1)} MiB`;
}

/** The comparison as Markdown. */
export function renderTable(rows: readonly Row[]): string {
	return aligned([
		["", "bare", "Xen 4.17", "KVM (published)", "Veil", "Veil must", "verdict"],
		...rows.map((row) => [
			row.name,
			cell(row, row.bare),
			cell(row, row.xen),
			row.kvm ?? "–",
			cell(row, row.veil),
			asked(row),
			judgement(row),
		]),
	]);
}

/** What was measured natively and under Veil only, as Markdown. */
export function renderNative(rows: readonly Row[]): string {
	return aligned([
		["", "native", "Veil", "Veil must", "verdict"],
		...rows.map((row) => [row.name, cell(row, row.bare), cell(row, row.veil), asked(row), judgement(row)]),
	]);
}

/** A row of what `pulumi` and `persona` take; `beside` is what it is measured against in the same run. */
export interface TimeRow extends Omit<Row, "bare" | "xen" | "kvm" | "veil"> {
	beside?: Cell;
	measured: number;
}

/** What a row of times is to {@link verdict}. */
export function judgedRow({ measured, ...row }: TimeRow): Row {
	return { ...row, veil: measured };
}

/** The times as Markdown. */
export function renderTimes(rows: readonly TimeRow[]): string {
	return aligned([
		["", "beside", "measured", "must be", "verdict"],
		...rows.map((times) => {
			const row = judgedRow(times);
			return [row.name, cell(row, times.beside), cell(row, row.veil), asked(row), judgement(row)];
		}),
	]);
}

function cell(row: Row, value: Cell): string {
	if (value === undefined) return "–";
	return typeof value === "number" ? (row.show ?? integer)(value) : value;
}

function asked(row: Row): string {
	return row.target ?? (row.atMost === undefined ? "–" : `≤ ${(row.show ?? integer)(row.atMost)}`);
}

function judgement(row: Row): string {
	const found = verdict(row);
	const value = row.judged ?? row.veil;
	if (found !== "missed" || typeof value !== "number" || row.atMost === undefined) return found;
	return `missed by ${((value / row.atMost - 1) * 100).toFixed(1)} %`;
}

/** A table in Markdown whose columns are aligned; its first line is the head. */
function aligned(lines: readonly (readonly string[])[]): string {
	const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
	const printed = lines.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`);
	printed.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
	return printed.join("\n");
}
