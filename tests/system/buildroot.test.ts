// SPDX-License-Identifier: Apache-2.0
// Personas from source: with the real Buildroot that BUILDROOT_DIR names, root filesystems and kernels for both boards, and both personas of a phone
// from `pulumi up`. Without it nothing here can be judged, and the run says so; what needs no Buildroot is in tests/image/buildroot.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildrootRoot } from "../../components/image/buildroot/root.ts";
import { guestKernel } from "../../components/image/guest-kernel.ts";
import {
	buildHypervisor,
	guestInputs,
	hypervisorInputs,
	type LockFile,
	loadLock,
	openStore,
	packageFetcher,
} from "../../components/image/index.ts";
import { kernelBuild } from "../../components/image/linux-armv6.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { loadAndCheckPhone } from "../../components/policy/index.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { persona } from "../cli/run.ts";
import { CliProject, PHONE_PROGRAM } from "./cli-project.ts";
import { type RunningPhone, runningPhone } from "./running-phone.ts";

const isGiven = (process.env.BUILDROOT_DIR ?? "") !== "";
if (!isGiven) console.warn("BUILDROOT_DIR names no folder: builds by the real Buildroot are SKIPPED (docs/guide/buildroot.md)");

/** From nothing, on a machine that is busy with other tests. */
const BUILD_MS = 2_400_000;
const NAMES = ["work", "personal"];

/** Writes the documents of a phone whose personas come from Buildroot, and gives the phone's. */
function declare(folder: string, board: string): string {
	mkdirSync(folder, { recursive: true });
	NAMES.forEach((name, index) => {
		const document = {
			...{ version: 1, kind: "Persona", name, indicator: { label: name, colour: `#${String(index + 1).repeat(6)}` } },
			guest: { builder: "buildroot", commandLine: "quiet" },
			...(board === "n800" ? { resources: { memoryMiB: 32 } } : {}),
			devices: { agent: true },
			ready: { deadlineSeconds: 600 },
		};
		writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(document));
	});
	const file = join(folder, `${board}.phone.yaml`);
	const personas = NAMES.map((name) => `./${name}.yaml`);
	const target = { via: "qemu", cpus: board === "n800" ? 1 : 2 };
	writeFileSync(file, JSON.stringify({ version: 1, kind: "Phone", name: "source", board, target, personas }));
	return file;
}

describe.skipIf(!isGiven)("both personas from Buildroot, by pulumi up", () => {
	let project: CliProject;
	beforeAll(() => {
		project = new CliProject(PHONE_PROGRAM);
		declare(join(project.folder, "stacks"), "qemu-virt");
	});
	afterAll(async () => {
		await project.pulumi("destroy", "--yes", "--stack", "qemu-virt");
		project.remove();
	});

	it("are READY, and a second up has nothing to do", { timeout: BUILD_MS }, async () => {
		await project.pulumi("stack", "init", "qemu-virt");
		const up = await project.pulumi("up", "--yes", "--stack", "qemu-virt");
		expect(up.output).not.toContain("error:");
		expect(up.status).toBe(0);
		const again = await project.pulumi("preview", "--expect-no-changes", "--stack", "qemu-virt");
		expect(again.status, again.output).toBe(0);
		const env = { PERSONA_PROJECT: project.folder, XDG_STATE_HOME: project.env.XDG_STATE_HOME ?? "" };
		for (const name of NAMES) {
			const said = await persona(["exec", name, "--", "cat", "/etc/os-release", "/etc/hostname"], { env });
			expect(said.stdout).toContain("ID=buildroot");
			expect(said.stdout).toContain(`\n${name}\n`);
			expect((await persona(["exec", name, "--", "cat", "/proc/version"], { env })).stdout).toMatch(
				/^Linux version 6\.1\S* \(persona@persona\)/,
			);
		}
	});
});

describe.skipIf(!isGiven)("root filesystems and kernels", () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-buildroot-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it.each(["qemu-virt", "n800"])("for %s are the same bytes in another folder", { timeout: BUILD_MS }, async (board) => {
		const { resolved } = await loadAndCheckPhone(declare(join(folder, board), board));
		const [first] = resolved?.personas ?? [];
		if (resolved === undefined || first === undefined) throw new Error("the phone has problems");
		const lock = await loadLock(packageRoot());
		const inputs = await guestInputs(first, resolved.board.document, lock);
		const { buildroot, buildrootKernel } = inputs;
		const [sources] = inputs.lock;
		if (buildroot === undefined || buildrootKernel === undefined || sources === undefined) throw new Error("no builder buildroot");
		const usual = { store: await openStore(), lock, progress: silent, projectDir: folder };
		const fetch = () => packageFetcher(usual)(sources);
		const kernel = async (of: Parameters<typeof guestKernel>[0], context = usual) =>
			(await guestKernel(of, sources, {}, fetch, context)).digest;
		const build = async (context = usual) => [
			(await buildrootRoot(buildroot, {}, context)).digest,
			await kernel({ buildrootKernel }, context),
		];
		const built = await build();
		const before = process.env.XDG_CACHE_HOME;
		process.env.XDG_CACHE_HOME = join(folder, "elsewhere");
		try {
			expect(await build({ ...usual, store: await openStore() })).toEqual(built);
		} finally {
			if (before === undefined) delete process.env.XDG_CACHE_HOME;
			else process.env.XDG_CACHE_HOME = before;
		}
		// The N800's is even what the other builder's makefile makes of the same sources.
		if (board === "n800") expect(await kernel({ kernelBuild: await kernelBuild() })).toBe(built[1]);
	});
});

describe.skipIf(!isGiven)("Veil as a package of Buildroot's", () => {
	it.each(["qemu-virt", "n800"])("is for %s what the cross compiler makes by itself", { timeout: BUILD_MS }, async (name) => {
		const board = (await boardByName(name, packageRoot())).document;
		const context = { store: await openStore(), lock: await loadLock(packageRoot()), progress: silent, projectDir: packageRoot() };
		const build = async (lock?: LockFile) => buildHypervisor(await hypervisorInputs(board, undefined, lock), context);
		expect((await build(context.lock)).digest).toBe((await build()).digest);
	});
});

describe.skipIf(!isGiven)("both personas from Buildroot on a tablet of 2007", () => {
	const folder = mkdtempSync(join(tmpdir(), "persona-buildroot-"));
	let phone: RunningPhone;
	beforeAll(async () => {
		phone = await runningPhone("buildroot-n800-test", declare(folder, "n800"));
	}, BUILD_MS);
	afterAll(async () => {
		await phone?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it("are READY", async () => {
		for (const name of NAMES) expect(await phone.type(name, "grep ^ID /etc/os-release\n", /ID=\w+/)).toContain("ID=buildroot");
	});
});
