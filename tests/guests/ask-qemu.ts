// SPDX-License-Identifier: Apache-2.0
// Any command of QEMU's, for tests: of those of the product there are few (components/handset/qmp.ts).
import { waitUntil } from "../../components/handset/processes.ts";
import { connection } from "../connection.ts";

/** Gives QEMU a command as often as there are arguments for it, without waiting in between; fails when it does not take one. */
export async function askQemu(qmpSocket: string, execute: string, ...each: readonly object[]): Promise<void> {
	const command = (name: string, rest: object = {}) => `${JSON.stringify({ execute: name, ...rest })}\n`;
	const socket = connection(qmpSocket);
	let answers = "";
	const answered = (count: number) => waitUntil(() => answers.split('"return"').length > count, { deadlineMs: 10_000 });
	socket.setEncoding("utf8").on("data", (text: string) => {
		answers += text;
	});
	socket.write(command("qmp_capabilities"));
	for (const words of each) socket.write(command(execute, { arguments: words }));
	try {
		if (!(await answered(1 + each.length))) throw new Error(`QEMU did not take ${execute}: ${answers}`);
	} finally {
		socket.destroy();
	}
}
