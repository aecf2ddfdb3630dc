// SPDX-License-Identifier: Apache-2.0
// Stock Linux with several virtual CPUs on fewer physical ones, with CPUs taken away and given back; and with a watchdog nobody refreshes.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadLock, openStore } from "../../components/image/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { buildDevGuest } from "../../tools/dev-guest.ts";
import { type GuestPhone, openWorkshop, type Workshop } from "../guests/phone.ts";

const SCRIPT = `#!/bin/sh
echo "CPUS $(cat /sys/devices/system/cpu/online)"
if [ "$(nproc)" -gt 1 ]; then
	for round in 1 2 3; do
		for cpu in /sys/devices/system/cpu/cpu[1-9]/online; do echo 0 >$cpu; done
		echo "LEFT $(cat /sys/devices/system/cpu/online)"
		for cpu in /sys/devices/system/cpu/cpu[1-9]/online; do echo 1 >$cpu; done
		echo "BACK $(cat /sys/devices/system/cpu/online)"
	done
	for cpu in $(seq 0 $(($(nproc) - 1))); do taskset $((1 << cpu)) sh -c "echo WORKED \\$(cut -d' ' -f39 /proc/self/stat)"; done
fi
if [ -e /dev/watchdog ]; then
	echo "WATCHED $(cat /sys/class/watchdog/watchdog0/timeout) $(cat /sys/class/watchdog/watchdog0/bootstatus)"
	sleep 6
	echo "ALIVE after more than its watchdog's time"
	killall -9 watchdog
fi
`;

let workshop: Workshop;
let folder: string;
let linux: { kernel: string; initramfs: string };
beforeAll(async () => {
	workshop = await openWorkshop();
	folder = mkdtempSync(join(tmpdir(), "persona-cpus-"));
	mkdirSync(join(folder, "overlay/etc"), { recursive: true });
	writeFileSync(join(folder, "overlay/etc/rc.local"), SCRIPT);
	chmodSync(join(folder, "overlay/etc/rc.local"), 0o755);
	const projectDir = packageRoot();
	const context = { store: await openStore(), lock: await loadLock(projectDir), progress: silent, projectDir };
	const guest = { os: "linux", builder: "debian", overlay: "./overlay" } as const;
	linux = await buildDevGuest({ name: "linux", guest, watchdogSeconds: 4 }, folder, context);
});
afterAll(() => {
	workshop.close();
	rmSync(folder, { recursive: true, force: true });
});

async function withPhone(
	persona: { cpus: number; watchdog?: boolean; restart?: boolean },
	test: (phone: GuestPhone) => Promise<void>,
) {
	const words = "console=ttyAMA0 quiet";
	const phone = await workshop.start([{ guest: "linux", memoryMiB: 128, words, ...linux, ...persona }], { cpus: 2 });
	try {
		await test(phone);
	} finally {
		await phone.stop();
	}
}

it.each([2, 4])("Linux on %i virtual CPUs and 2 physical ones takes CPUs off and on again", async (cpus) => {
	await withPhone({ cpus }, async (phone) => {
		await phone.says("linux", "persona: READY", 240);
		const console = phone.console("linux");
		expect(console).toContain(`CPUS 0-${cpus - 1}`);
		expect(console.match(/LEFT 0$/gm)).toHaveLength(3);
		expect(console.match(new RegExp(`BACK 0-${cpus - 1}$`, "gm"))).toHaveLength(3);
		expect([...console.matchAll(/WORKED (\d)/g)].map(([, cpu]) => Number(cpu))).toEqual(Array.from({ length: cpus }, (_, n) => n));
		expect(await phone.control.personaStatus("linux")).toMatchObject({ state: "running", restarts: 0 });
	});
});

it("Linux refreshes its watchdog; when it stops to, the persona ends for that reason, and restarts if declared so", async () => {
	await withPhone({ cpus: 1, watchdog: true }, async (phone) => {
		await phone.says("linux", "WATCHED 4 0", 120);
		await phone.says("linux", "ALIVE", 60);
		await phone.until("restarted", async () => (await phone.control.personaStatus("linux")).restarts === 1, 60);
		expect(await phone.control.personaStatus("linux")).toMatchObject({ reason: "watchdog" });
		// WDIOF_CARDRESET: the new system learns what ended the last one.
		await phone.says("linux", "WATCHED 4 32", 120);
	});
	await withPhone({ cpus: 1, watchdog: true, restart: false }, async (phone) => {
		await phone.until("crashed", async () => (await phone.control.personaStatus("linux")).state === "crashed", 180);
		expect(await phone.control.personaStatus("linux")).toMatchObject({ reason: "watchdog", restarts: 0 });
	});
});
