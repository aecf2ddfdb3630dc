// SPDX-License-Identifier: Apache-2.0
// The bridge's end of an owner port, with an agent that a test plays and clients on the real socket.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentHub } from "../../components/handset/agent-hub.ts";
import {
	AGENT_OP,
	type AgentMessage,
	encodeMessage,
	MessageDecoder,
	readU32,
	u32,
} from "../../components/handset/agent-messages.ts";
import { connection } from "../connection.ts";

let folder: string;
let hub: AgentHub;
/** What the agent does with a message. */
let agent: (message: AgentMessage) => void;
let heard: AgentMessage[];

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "agent-hub-"));
	heard = [];
	const decoder = new MessageDecoder(false);
	hub = new AgentHub(join(folder, "socket"), "work", {
		send: (bytes) => {
			for (const message of decoder.push(bytes).messages) {
				heard.push(message);
				if (message.op === AGENT_OP.hello) hub.output(encodeMessage(AGENT_OP.hello, message.session, message.payload));
				else agent(message);
			}
		},
		queued: () => 0,
		drop: () => {},
		hold: () => {},
	});
	await hub.listen();
});

afterEach(() => {
	hub.close();
	rmSync(folder, { recursive: true });
});

async function client(): Promise<Socket> {
	const socket = connection(join(folder, "socket"));
	await once(socket, "connect");
	return socket;
}

test("a client that goes on sending to a command that has ended still hears how it ended", async () => {
	agent = ({ op, session }) => {
		if (op === AGENT_OP.run) hub.output(encodeMessage(AGENT_OP.exit, session, u32(3)));
	};
	const socket = await client();
	const errors: unknown[] = [];
	socket.on("error", (error) => errors.push(error));
	socket.pause();
	socket.write(encodeMessage(AGENT_OP.run, 0, Buffer.from("true\0")));
	for (let i = 0; i < 20; i++) {
		await delay(5);
		socket.write(encodeMessage(AGENT_OP.input, 0, Buffer.alloc(1000)));
	}
	const decoder = new MessageDecoder(true);
	const said: AgentMessage[] = [];
	socket.on("data", (bytes) => said.push(...decoder.push(bytes).messages));
	socket.resume();
	if (!socket.closed) await once(socket, "close");
	expect(errors).toEqual([]);
	expect(said.map(({ op, payload }) => [op, readU32(payload)])).toEqual([[AGENT_OP.exit, 3]]);
	expect(heard.map(({ op }) => op)).toEqual([AGENT_OP.hello, AGENT_OP.run]);
});

test("a client that begins with anything but a session is hung up on", async () => {
	agent = () => {};
	const first = await client();
	first.write(encodeMessage(AGENT_OP.run, 0, Buffer.from("true\0")));
	const second = await client();
	second.write(encodeMessage(AGENT_OP.input, 0, Buffer.from("x")));
	second.resume();
	await new Promise((resolve) => second.once("close", resolve));
	expect(heard.map(({ op }) => op)).not.toContain(AGENT_OP.input);
	first.destroy();
});
