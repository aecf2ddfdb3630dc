// SPDX-License-Identifier: Apache-2.0
// Stands in for QEMU where a test needs its outside only: pid file, QMP, and a serial socket with a fake Veil behind it.
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { FakeVeil } from "./fake-veil.ts";
import type { Scenario } from "./fixture.ts";

const argv = process.argv.slice(2);
const option = (name: string) => argv[argv.indexOf(name) + 1] ?? "";
const socketOf = (text: string) => /(?:path=|unix:)([^,]+)/.exec(text)?.[1] ?? "";

const scenario = JSON.parse(readFileSync(`${option("-kernel")}.scenario.json`, "utf8")) as Scenario;
if (scenario.refusesToStart !== undefined) {
	console.error(scenario.refusesToStart);
	process.exit(1);
}
if (scenario.ignoresQuit) process.on("SIGTERM", () => {});
writeFileSync(option("-pidfile"), `${process.pid}\n`);
const end = () => {
	for (const path of [socketOf(option("-chardev")), socketOf(option("-qmp"))]) rmSync(path, { force: true });
	process.exit(0);
};

// Like QEMU's character device: one client at a time, and what is written while there is none is lost.
let line: Socket | undefined;
const veil = new FakeVeil(scenario, (bytes) => line?.write(bytes), end);
createServer((socket) => {
	if (line !== undefined) {
		socket.destroy();
		return;
	}
	line = socket;
	socket.on("data", (bytes) => veil.receive(bytes));
	socket.on("error", () => socket.destroy());
	socket.on("close", () => {
		line = undefined;
	});
}).listen(socketOf(option("-chardev")));

let running = false;
const qmp = socketOf(option("-qmp"));
const monitor = createServer((socket) => {
	socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
	socket.on("error", () => socket.destroy());
	socket.on("data", (bytes) => {
		for (const text of bytes
			.toString()
			.split("\n")
			.filter((part) => part.trim() !== "")) {
			const { execute } = JSON.parse(text) as { execute: string };
			socket.write('{"timestamp": {}, "event": "NICE_TO_KNOW"}\r\n{"return": {}}\r\n');
			if (execute === "cont" && !running) {
				running = true;
				veil.boot();
			}
			if (execute === "quit" && !scenario.ignoresQuit) end();
		}
	});
});
if (scenario.listensLate) {
	// For a while it is what `bind` has made, and nobody listens.
	const bound = createServer().listen(`${qmp}.bound`, () => {
		linkSync(`${qmp}.bound`, qmp);
		bound.close();
	});
	setTimeout(() => {
		rmSync(qmp);
		monitor.listen(qmp);
	}, 500);
} else monitor.listen(qmp);
