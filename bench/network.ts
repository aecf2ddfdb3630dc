// SPDX-License-Identifier: Apache-2.0
// What a persona's network gives, beside the same guest with the same kind of card directly on QEMU: TCP streams to and from a server on this machine.
import { fork } from "node:child_process";
import { join } from "node:path";
import type { BuildContext } from "../components/image/index.ts";
import { NOTHING_SHARED } from "../components/image/policy-section.ts";
import { packageRoot } from "../components/util/paths.ts";
import { type Compared, measureThroughput } from "./throughput.ts";

const TURNS = 20;
/** KiB a second; round trips of one byte a second for the last. */
export const NETWORK_MEASURES = ["receive", "send", "round-trips"] as const;
export type NetworkThroughput = Record<(typeof NETWORK_MEASURES)[number], Compared>;

/** Measures both in turns. */
export async function measureNetwork(veil: string, folder: string, context: BuildContext): Promise<NetworkThroughput> {
	const peer = fork(join(packageRoot(), "bench/peer.ts"), { detached: true });
	const end = () => peer.kill("SIGKILL");
	process.once("exit", end);
	try {
		const port = await new Promise<number>((resolve, reject) => peer.once("message", resolve).once("error", reject));
		// As users have it: what leaves is judged by a rule, and comes back because it left.
		const egress = [{ to: "10.0.2.2/32", protocol: "tcp" as const, ports: [port] }];
		const guest = {
			name: "network",
			measures: NETWORK_MEASURES,
			words: `bench.port=${port}`,
			persona: { devices: { network: "bench" } },
			policy: { name: "bench", networks: { bench: { egress } } },
			bare: async () => ["-netdev", "user,id=network", "-device", "virtio-net-device,netdev=network"],
			veil: { network: "bench" },
			options: { policy: { ...NOTHING_SHARED, networks: { bench: { egress } } } },
		};
		return await measureThroughput(guest, TURNS, veil, folder, context);
	} finally {
		end();
		process.off("exit", end);
	}
}
