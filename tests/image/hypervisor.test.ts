// SPDX-License-Identifier: Apache-2.0
// Veil's key follows from its sources, its bytes from nothing else.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { VEIL_IMAGE_MAGIC, veilImageHeader } from "../../components/image/abi.ts";
import { buildHypervisor, hypervisorInputs, hypervisorKey, trusting } from "../../components/image/hypervisor.ts";
import { emptyLock } from "../../components/image/lock.ts";
import { openStore } from "../../components/image/store.ts";
import type { BuildContext } from "../../components/image/types.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { renderError, type UserError } from "../../components/util/errors.ts";
import { packageRoot } from "../../components/util/paths.ts";
import { silent } from "../../components/util/progress.ts";
import { AT_ONCE } from "../at-once.ts";
import { testKey } from "../signing/support.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const board = (await boardByName("qemu-virt", packageRoot())).document;

async function context(changes: Partial<BuildContext> = {}): Promise<BuildContext> {
	return { store: await openStore(temporaryFolder()), lock: emptyLock(), progress: silent, projectDir: "/", ...changes };
}

/** A project that "compiles" in no time. */
function tiny(recipe = "cp main.c $(BUILD)/veil.bin"): string {
	const root = join(temporaryFolder(), "with spaces");
	mkdirSync(join(root, "tests"), { recursive: true });
	writeFileSync(join(root, "main.c"), "int x;\n");
	writeFileSync(join(root, "tests/test.c"), "int t;\n");
	writeFileSync(join(root, "Makefile"), `all:\n\t@mkdir -p $(BUILD)\n\t@${recipe}\n`);
	return root;
}

describe("the key", () => {
	test("follows sources, not tests or prose", async () => {
		const root = tiny();
		const key = async () => hypervisorKey(await hypervisorInputs(board, root));
		const before = await key();
		writeFileSync(join(root, "tests/test.c"), "changed");
		writeFileSync(join(root, "README.md"), "new");
		expect(await key()).toBe(before);
		writeFileSync(join(root, "main.c"), "int y;\n");
		expect(await key()).not.toBe(before);
	});

	test("is another one for each set of keys that Veil trusts, in whatever order, and the same as ever without", async () => {
		const inputs = await hypervisorInputs(board, tiny());
		const [one, two] = [testKey("one").publicKey.hex, testKey("two").publicKey.hex];
		const key = (...keys: string[]) => hypervisorKey(trusting(inputs, keys));
		expect(trusting(inputs, [])).toEqual(inputs);
		expect(new Set([key(), key(one), key(two), key(one, two)]).size).toBe(4);
		expect(key(two, one)).toBe(key(one, two));
	});

	test("names the compiler", async () => {
		expect((await hypervisorInputs(board, tiny())).compiler).toMatch(/^aarch64-linux-gnu-gcc .*\d+\.\d+/);
	});
});

describe("a build", () => {
	test("works from a path with spaces, once, and leaves nothing behind", async () => {
		const root = tiny();
		const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith("persona-veil-")));
		const messages: string[] = [];
		const work = await context({ progress: (message) => messages.push(message) });
		const inputs = await hypervisorInputs(board, root);
		const one = await buildHypervisor(inputs, work, root);
		const two = await buildHypervisor(inputs, work, root);
		expect(readFileSync(one.path, "utf8")).toBe("int x;\n");
		expect(two).toEqual(one);
		expect(messages).toEqual(["compiling Veil"]);
		expect(existsSync(join(root, "build"))).toBe(false);
		expect(readdirSync(tmpdir()).filter((name) => name.startsWith("persona-veil-") && !before.has(name))).toEqual([]);
	});

	test("is given each key with the x coordinate of its point", async () => {
		const root = tiny("echo $(KEYS) >$(BUILD)/veil.bin");
		const [one, two] = [testKey("one").publicKey, testKey("two").publicKey].sort((a, b) => (a.hex < b.hex ? -1 : 1));
		const inputs = trusting(await hypervisorInputs(board, root), [two?.hex ?? "", one?.hex ?? ""]);
		const { path } = await buildHypervisor(inputs, await context(), root);
		expect(readFileSync(path, "utf8")).toBe(`${one?.hex}${one?.x},${two?.hex}${two?.x}\n`);
	});

	test("that fails shows the compiler's last words, and where the log with all of them is", async () => {
		const root = tiny("seq 100; echo 'main.c:1: error: no' >&2; false");
		const work = await context();
		const inputs = await hypervisorInputs(board, root);
		const building = () => buildHypervisor(inputs, work, root).catch((error: unknown) => error as UserError);
		const error = await building();
		expect(error).toMatchObject({ name: "UserError", message: expect.stringContaining("main.c:1: error: no") });
		const log = join(work.store.dir, "logs", `veil-qemu-virt-${hypervisorKey(inputs).slice(7, 19)}.log`);
		expect(renderError(error)).toContain(`\n  log: ${log}`);
		const text = readFileSync(log, "utf8");
		expect(text).toMatch(
			/^\S+Z building veil-qemu-virt sha256:[0-9a-f]{64}\n\[0\.0 s\] compiling Veil\n\$ make -j\d[\s\S]*\n1\n2\n[\s\S]*\n100\n/,
		);
		expect(text).toMatch(/\[\d\.\d s\] failed: .*Veil does not compile:[\s\S]*main\.c:1: error: no/);

		// The next time begins it anew; it goes with what else is not used.
		await building();
		expect(readFileSync(log, "utf8").match(/compiling Veil/g)).toHaveLength(1);
		utimesSync(log, 1, 1);
		expect((await work.store.gc()).removed).toBe(1);
		expect(existsSync(log)).toBe(false);
	});

	test("of sources that changed since the preview is refused", async () => {
		const root = tiny();
		const inputs = await hypervisorInputs(board, root);
		writeFileSync(join(root, "main.c"), "int z;\n");
		await expect(buildHypervisor(inputs, await context(), root)).rejects.toThrow(/changed while/);
	});

	test("ends within a second of an abort", AT_ONCE, async () => {
		const root = tiny("sleep 60");
		const stop = new AbortController();
		const inputs = await hypervisorInputs(board, root);
		const work = await context({ signal: stop.signal });
		const building = buildHypervisor(inputs, work, root);
		setTimeout(() => stop.abort(), 300);
		const start = Date.now();
		await expect(building).rejects.toThrow(/abort/i);
		expect(Date.now() - start).toBeLessThan(1300);
	});
});

test("Veil itself gives the same bytes from two folders", { timeout: 240_000 }, async () => {
	// By the compiler, both times.
	delete process.env.CCACHE;
	const source = join(packageRoot(), "hypervisor");
	const copy = join(temporaryFolder(), "another place", "hypervisor");
	cpSync(source, copy, { recursive: true });
	writeFileSync(join(copy, "tests/another.c"), "not part of it");
	const inputs = await hypervisorInputs(board, source);
	expect(await hypervisorInputs(board, copy)).toEqual(inputs);

	const one = await buildHypervisor(inputs, await context(), source);
	const two = await buildHypervisor(inputs, await context(), copy);

	expect(two.digest).toBe(one.digest);
	expect(veilImageHeader.read(readFileSync(one.path)).veilMagic).toBe(VEIL_IMAGE_MAGIC);
});
