// SPDX-License-Identifier: Apache-2.0
// Networks of a phone with real guests and real traffic: what the policy allows, what it does not, and a policy that changes meanwhile.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
	type ControlClient,
	controlClient,
	HANDSET_FILES,
	handsetDir,
	handsetEndpoints,
	removeHandset,
	startHandset,
} from "../../components/handset/index.ts";
import { waitUntil } from "../../components/handset/processes.ts";
import { buildHypervisor, hypervisorInputs, loadLock, openStore } from "../../components/image/index.ts";
import { NOTHING_SHARED } from "../../components/image/policy-section.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { sha256File } from "../../components/util/digest.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { composeDev } from "../../tools/compose-dev.ts";
import { buildDevGuest } from "../../tools/dev-guest.ts";
import { connection } from "../connection.ts";

const ID = "network";
let folder: string;
let servers: Server[];
let ports: number[];
let control: ControlClient;
let compose: (open: number) => Promise<{ path: string; digest: string }>;
const before = { state: process.env.PERSONA_STATE_DIR, runtime: process.env.XDG_RUNTIME_DIR };

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "persona-network-"));
	process.env.PERSONA_STATE_DIR = join(folder, "state");
	process.env.XDG_RUNTIME_DIR = folder;
	servers = await Promise.all([listen("first"), listen("second")]);
	ports = servers.map((server) => (server.address() as AddressInfo).port);
	const projectDir = packageRoot();
	const context = { store: await openStore(), lock: await loadLock(projectDir), progress: silent, projectDir };
	const { document: board } = await boardByName("qemu-virt");
	const { path: veil } = await buildHypervisor(await hypervisorInputs(board), context);
	const guest = { os: "linux", builder: "debian" } as const;
	const files = await buildDevGuest({ name: "work", devices: { network: "office" }, guest }, folder, context, {
		policy: { name: "net", networks: { office: {} } },
	});
	compose = async (open) => {
		const path = join(folder, `${open}.img`);
		const rule = (port: number) => ({ to: "10.0.2.2/32", protocol: "tcp" as const, ports: [port] });
		const everything = { to: "0.0.0.0/0", protocol: "any" as const, ports: [] };
		const policy = { ...NOTHING_SHARED, networks: { office: { egress: [rule(open)] }, home: { egress: [everything] } } };
		const personas = [
			{ name: "work", network: "office", memoryMiB: 128, ...files },
			{ name: "home", network: "home", memoryMiB: 128, ...files },
		];
		await composeDev(path, veil, personas, { policy });
		return { path, digest: await sha256File(path) };
	};
	await start(ports[0] ?? 0);
	control = await controlClient(ID);
}, 240_000);

afterAll(async () => {
	control?.close();
	await removeHandset(ID);
	for (const server of servers) server.close();
	for (const [name, value] of [
		["PERSONA_STATE_DIR", before.state],
		["XDG_RUNTIME_DIR", before.runtime],
	] as const) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
	rmSync(folder, { recursive: true, force: true });
});

async function listen(says: string): Promise<Server> {
	const server = createServer((_request, response) => response.end(`${says}\n`));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server;
}

async function start(open: number): Promise<void> {
	const expected = ["work", "home"].map((name) => ({ name, readyMarker: "persona: READY", readyDeadlineSeconds: 120 }));
	await startHandset({ id: ID, board: "qemu-virt", qemu: { cpus: 1, cpu: "cortex-a57" } }, await compose(open), {
		personas: expected,
	});
}

let questions = 0;

/** What a command in a guest prints, through its console. */
async function ask(persona: string, command: string): Promise<string> {
	const { consoles } = await handsetEndpoints(ID);
	const log = join(handsetDir(ID), HANDSET_FILES.logs, `console-${persona}.log`);
	const [begin, end] = [`<${++questions}`, `${questions}>`];
	const socket = connection(consoles[persona] ?? "");
	try {
		// The echo of the command itself has quotes between the marks.
		socket.write(`\necho "<"${questions}; ${command}; echo ${questions}">"\n`);
		const answer = () => readFileSync(log, "latin1").replaceAll("\r", "").split(`${begin}\n`)[1]?.split(`${end}`)[0];
		const complete = () => readFileSync(log, "latin1").replaceAll("\r", "").includes(`${end}\n`) && answer() !== undefined;
		if (!(await waitUntil(complete, { deadlineMs: 60_000 }))) throw new Error(`no answer to ${command}: ${answer()}`);
		return answer() ?? "";
	} finally {
		socket.destroy();
	}
}

const get = (port = 0) => `timeout 5 wget -q -O - http://10.0.2.2:${port}/ || echo refused`;

describe("a phone whose personas are on networks", () => {
	it("gives each an address of its own", async () => {
		const addresses = await Promise.all(["work", "home"].map((name) => ask(name, "ip -4 -o addr show eth0")));
		expect(addresses.every((text) => /inet 10\.0\.2\.\d+\/24/.test(text))).toBe(true);
		expect(addresses[0]).not.toBe(addresses[1]);
		expect((await control.network("work"))?.hasAddress).toBe(1);
	});

	it("lets out what a network's rules list, and nothing else", async () => {
		expect(await ask("work", get(ports[0]))).toBe("first\n");
		expect(await ask("work", get(ports[1]))).toMatch(/refused\n$/);
		expect(await ask("home", get(ports[1]))).toBe("second\n");
		const { refusedRule, lastPort } = (await control.network("work")) ?? {};
		expect(refusedRule).toBeGreaterThan(0n);
		expect(lastPort).toBe(ports[1]);
	});

	it("keeps the personas from each other", async () => {
		const address = /inet (\S+)\//.exec(await ask("work", "ip -4 -o addr show eth0"))?.[1];
		expect(await ask("home", `ping -c 1 -W 2 ${address} >/dev/null && echo reached || echo refused`)).toMatch(/refused\n$/);
	});

	it("changes what a running guest can do, without a restart, when the policy is all that changed", async () => {
		const boot = await ask("work", "cat /proc/sys/kernel/random/boot_id");
		await start(ports[1] ?? 0);
		expect(await ask("work", get(ports[0]))).toMatch(/refused\n$/);
		expect(await ask("work", get(ports[1]))).toBe("second\n");
		expect(await ask("work", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
		expect((await control.personaStatus("work")).starts).toBe(1);
	});
});
