// SPDX-License-Identifier: Apache-2.0
// Any command of QEMU's, for tests: of those of the product there are few (components/handset/qmp.ts).
import { connect } from "node:net";
import { waitUntil } from "../../components/handset/processes.ts";

/** Fails when QEMU does not take the command. */
export async function askQemu(qmpSocket: string, execute: string, words: object): Promise<void> {
	const command = (name: string, rest: object = {}) => `${JSON.stringify({ execute: name, ...rest })}\n`;
	const socket = connect(qmpSocket);
	let answers = "";
	const answered = (count: number) => waitUntil(() => answers.split('"return"').length > count, { deadlineMs: 10_000 });
	socket.setEncoding("utf8").on("data", (text: string) => {
		answers += text;
	});
	socket.write(command("qmp_capabilities"));
	socket.write(command(execute, { arguments: words }));
	try {
		if (!(await answered(2))) throw new Error(`QEMU did not take ${execute}: ${answers}`);
	} finally {
		socket.destroy();
	}
}
