// SPDX-License-Identifier: Apache-2.0
// The guest's agent on this machine, built with sanitizers, and a stand-in for Veil and the owner at the other end of its ports.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../components/handset/processes.ts";
import {
	VEIL_CARRIES_CLIPBOARD,
	VEIL_FRAME_CHANNELS,
	VEIL_FRAME_HELLO,
	VEIL_FRAME_RESULT,
	VEIL_NAME_BYTES,
	veilChannelInfo,
	veilFrame,
} from "../../components/image/abi.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { run } from "../../components/util/process.ts";

export interface Frame {
	readonly op: number;
	readonly channel: number;
	readonly argument: number;
	readonly payload: Buffer;
}

export interface Declared {
	peer: number;
	name: string;
	carries?: number;
	isOutgoing?: boolean;
	maxKiB?: number;
	perMinute?: number;
}

export interface Outcome {
	readonly status: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** One agent and its folder; `close` ends it. */
export class HostAgent {
	readonly folder = mkdtempSync(join(tmpdir(), "persona-agent-host-"));
	/** Frames the agent has sent and nobody has taken yet. */
	readonly frames: Frame[] = [];
	/** Stands in for an overrun, a leak and the like: what the sanitizers said. */
	complaints = "";
	private program = "";
	private agent: ChildProcess | undefined;
	private veil: Socket | undefined;
	private servers: Server[] = [];
	private pending: Buffer = Buffer.alloc(0);

	/** What the agent keeps in /run/persona. */
	path(...parts: string[]): string {
		return join(this.folder, "run", ...parts);
	}

	async build(): Promise<void> {
		await run("make", ["-s", "-C", join(packageRoot(), "agent"), "host", `BUILD=${this.folder}`]);
		this.program = join(this.folder, "persona-agent-host");
		writeFileSync(join(this.folder, "group"), `root:x:0:\nnopersona:x:1:\npersona:x:${process.getgid?.()}:someone\n`);
	}

	/** Starts it, and says which channels there are. */
	async start(channels: readonly Declared[]): Promise<void> {
		const port = async (name: string, onConnect: (socket: Socket) => void) => {
			const server = createServer((socket) => {
				// An agent that is killed has left some of what came to it.
				socket.on("error", () => socket.destroy());
				onConnect(socket);
			});
			const path = join(this.folder, name);
			await new Promise<void>((resolve) => server.listen(path, resolve));
			this.servers.push(server);
			return path;
		};
		const owner = await port("owner", (socket) => socket.resume());
		const frames = await port("frames", (socket) => {
			this.veil = socket;
			socket.on("data", (bytes) => this.take(bytes));
		});
		this.agent = spawn(this.program, ["serve", owner, frames], { stdio: ["ignore", "ignore", "pipe"] });
		this.agent.stderr?.on("data", (bytes: Buffer) => {
			this.complaints += bytes.toString();
		});
		await this.next(VEIL_FRAME_HELLO);
		this.tellChannels(channels);
	}

	/** Ends the agent alone, as a crash would; `start` begins another one in the same folder. */
	async end(): Promise<void> {
		const gone = new Promise((resolve) => this.agent?.once("exit", resolve));
		this.agent?.kill("SIGKILL");
		await gone;
		this.veil?.destroy();
		for (const server of this.servers.splice(0)) await new Promise((resolve) => server.close(resolve));
		this.frames.length = 0;
		this.pending = Buffer.alloc(0);
	}

	get isRunning(): boolean {
		return this.agent?.exitCode === null && this.agent.signalCode === null;
	}

	async close(): Promise<void> {
		await this.end();
		rmSync(this.folder, { recursive: true, force: true });
	}

	tellChannels(channels: readonly Declared[]): void {
		const infos = channels.map(
			({ peer, name, carries = VEIL_CARRIES_CLIPBOARD, isOutgoing = false, maxKiB = 64, perMinute = 30 }) => {
				const bytes = new Uint8Array(VEIL_NAME_BYTES);
				bytes.set(Buffer.from(name, "latin1"));
				const channel = peer | (carries << 4);
				const numbers = { isOutgoing: isOutgoing ? 1 : 0, reserved: 0, maxBytes: maxKiB * 1024, perMinute };
				return veilChannelInfo.encode({ channel, ...numbers, name: bytes });
			},
		);
		this.send(VEIL_FRAME_CHANNELS, 0, 0, Buffer.concat(infos));
	}

	send(op: number, channel: number, argument: number, payload: Uint8Array = Buffer.alloc(0)): void {
		this.veil?.write(Buffer.concat([veilFrame.encode({ op, channel, length: payload.length, argument }), payload]));
	}

	/** Bytes that need not be frames. */
	sendRaw(bytes: Uint8Array): void {
		this.veil?.write(bytes);
	}

	sendResult(channel: number, how: number): void {
		this.send(VEIL_FRAME_RESULT, channel, how);
	}

	/** Takes the first frame of that kind there is or will be. */
	async next(op: number): Promise<Frame> {
		const at = () => this.frames.findIndex((frame) => frame.op === op);
		if (!(await waitUntil(() => at() >= 0, { deadlineMs: 10_000 }))) {
			throw new Error(`the agent sent no frame ${op}; it said: ${this.complaints}`);
		}
		return this.frames.splice(at(), 1)[0] as Frame;
	}

	/** A command of a user of the guest. */
	command(args: readonly string[], input: Uint8Array | string = ""): Promise<Outcome> {
		const child = spawn(this.program, args, { stdio: "pipe" });
		const said = { stdout: "", stderr: "" };
		child.stdout.on("data", (bytes: Buffer) => {
			said.stdout += bytes.toString("latin1");
		});
		child.stderr.on("data", (bytes: Buffer) => {
			said.stderr += bytes.toString();
		});
		child.stdin.on("error", () => {});
		child.stdin.end(input);
		return new Promise((resolve) => {
			child.on("close", (status) => resolve({ status: status ?? -1, ...said }));
		});
	}

	private take(bytes: Buffer): void {
		this.pending = Buffer.concat([this.pending, bytes]);
		while (this.pending.length >= veilFrame.size) {
			const { op, channel, length, argument } = veilFrame.read(this.pending);
			if (this.pending.length < veilFrame.size + length) return;
			const payload = this.pending.subarray(veilFrame.size, veilFrame.size + length);
			this.frames.push({ op, channel, argument, payload });
			this.pending = this.pending.subarray(veilFrame.size + length);
		}
	}
}
