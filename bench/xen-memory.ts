// SPDX-License-Identifier: Apache-2.0
// How much RAM Xen keeps from its guests: what its own memory report says is free, asked on its console once the guests run.
import { spawn } from "node:child_process";
import type { BenchGuest } from "./system.ts";
import { xenArguments } from "./xen.ts";

const RAM_MIB = 1024;
/** Moves the console's input to the next of Xen's guests, or to Xen itself. */
const NEXT_INPUT = "\x01\x01\x01";

/** Bytes of RAM that are neither guests' nor free when the guests are up. */
export async function measureXenMemory(xen: string, guests: BenchGuest[], folder: string, up: string): Promise<number> {
	const child = spawn("qemu-system-aarch64", [
		...["-M", "virt,gic-version=3,virtualization=on", "-cpu", "cortex-a57", "-m", `${RAM_MIB}M`],
		...["-nodefaults", "-display", "none", "-serial", "stdio", "-kernel", xen, ...(await xenArguments(guests, folder))],
	]);
	try {
		const free = await new Promise<number>((settle, fail) => {
			let text = "";
			let switches = 0;
			const timer = setTimeout(
				() => fail(new Error(`Xen did not report its memory; its console ends with: ${text.slice(-400)}`)),
				120_000,
			);
			child.once("error", fail);
			child.once("close", () => clearTimeout(timer));
			child.stdout.setEncoding("latin1").on("data", (chunk: string) => {
				text += chunk;
				// One switch when the guests are up, and one more each time the input has gone to somebody else than Xen.
				const announced = [...text.matchAll(/Serial input to (\S+)/g)].map(([, to]) => to);
				if (text.split(up).length > guests.length && announced.length >= switches) {
					child.stdin.write(announced.at(-1) === "Xen" && switches > 0 ? "m" : NEXT_INPUT);
					switches++;
				}
				const heap = /Dom heap: (\d+)kB free/.exec(text);
				if (heap !== null) {
					clearTimeout(timer);
					settle(Number(heap[1]) * 1024);
				}
			});
		});
		return RAM_MIB * 2 ** 20 - guests.reduce((sum, guest) => sum + guest.memoryMiB * 2 ** 20, 0) - free;
	} finally {
		child.kill("SIGKILL");
	}
}
