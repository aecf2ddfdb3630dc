// SPDX-License-Identifier: Apache-2.0
// The bridge as a process: `node bridge-main RUN_FOLDER`. It ends when QEMU ends, or on SIGTERM.
import { basename, dirname } from "node:path";
import { renderError, UserError } from "../util/errors.ts";
import { Bridge } from "./bridge.ts";
import { withOperationLock } from "./operation-lock.ts";
import { isAlive } from "./processes.ts";
import { readBridgeState, readRecord } from "./record.ts";
import { LOCK } from "./run-folder.ts";

async function main(folder: string | undefined): Promise<void> {
	if (folder === undefined) throw new UserError("the bridge needs the run folder of a handset");
	const id = basename(folder);
	await withOperationLock(dirname(folder), LOCK.bridge(id), `handset ${id} is being served`, async () => {
		const record = await readRecord(folder);
		if (record?.qemu === undefined) throw new UserError("no handset has been started", { where: folder });
		const { qemu } = record;
		const bridge = new Bridge({
			folder,
			record,
			before: await readBridgeState(folder).catch(() => undefined),
			handsetAlive: () => isAlive(qemu),
		});
		process.on("SIGTERM", () => bridge.stop());
		process.on("SIGINT", () => bridge.stop());
		process.on("SIGHUP", () => {});
		await bridge.run();
	});
}

try {
	await main(process.argv[2]);
} catch (error) {
	console.error(`${new Date().toISOString()} ${renderError(error)}`);
	process.exitCode = error instanceof UserError ? 2 : 1;
}
