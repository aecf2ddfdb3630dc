// SPDX-License-Identifier: Apache-2.0
// Commands give their output, say why they failed, and are ended with all they started.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive, ProcessError, processToken, run, shellQuote } from "../../components/util/index.ts";

test("output is kept and told line by line", async () => {
	const lines: string[] = [];
	const result = await run("sh", ["-c", "printf 'a\\nb\\r\\nc'; printf 'e\\n' >&2"], {
		onLine: (line, stream) => lines.push(`${stream} ${line}`),
	});
	expect(result).toEqual({ stdout: "a\nb\r\nc", stderr: "e\n" });
	expect(lines.sort()).toEqual(["stderr e", "stdout a", "stdout b", "stdout c"]);
});

test("input is given and closed", async () => {
	expect((await run("cat", [], { input: "hello" })).stdout).toBe("hello");
});

test("a command that ignores a large input is no error", async () => {
	await run("true", [], { input: Buffer.alloc(4_000_000) });
});

test("a failure says the command, the status and the last lines", async () => {
	const failure = await run("sh", ["-c", "echo why >&2; exit 3"]).catch((error: unknown) => error);
	expect(failure).toBeInstanceOf(ProcessError);
	expect((failure as ProcessError).status).toBe(3);
	expect((failure as ProcessError).message).toBe("sh -c 'echo why >&2; exit 3': exit status 3\nwhy");
});

test("a command that does not exist says so", async () => {
	await expect(run("persona-no-such-command", [])).rejects.toThrow("cannot be started");
});

test("an abort ends the whole group, children that ignore SIGTERM too", async () => {
	const abort = new AbortController();
	let grandchild = 0;
	const running = run("sh", ["-c", "trap '' TERM; (trap '' TERM; sleep 1000) & echo $!; wait"], {
		signal: abort.signal,
		killAfterMs: 50,
		onLine: (line) => {
			grandchild = Number(line);
			abort.abort();
		},
	});
	await expect(running).rejects.toThrow("abort");
	await expect.poll(() => isAlive(grandchild)).toBe(false);
});

test("a process is known by more than its number", () => {
	expect(isAlive(process.pid, processToken(process.pid))).toBe(true);
	expect(isAlive(process.pid, "another-boot:1")).toBe(false);
	expect(isAlive(2 ** 22 + 1)).toBe(false);
});

test("a log file gets the command and what it said", async () => {
	const folder = await mkdtemp(join(tmpdir(), "persona-process-"));
	try {
		await run("echo", ["two words"], { logFile: join(folder, "log") });
		await expect.poll(() => readFile(join(folder, "log"), "utf8")).toBe("$ echo 'two words'\ntwo words\n");
	} finally {
		await rm(folder, { recursive: true });
	}
});

test.each([
	["plain/path-1.0", "plain/path-1.0"],
	["two words", "'two words'"],
	["it's", "'it'\\''s'"],
	["", "''"],
])("%j is quoted for a shell as %s", (word, expected) => expect(shellQuote(word)).toBe(expected));
