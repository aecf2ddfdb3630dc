// SPDX-License-Identifier: Apache-2.0
// Overlays, packages and the archive Linux unpacks: nothing of the building machine shows in it.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cpioChunks } from "../../components/image/cpio.ts";
import { add, addDevice, addFile, addFolder, addLink, addTar, type FileTree, S_IFDIR } from "../../components/image/file-tree.ts";
import { addOverlay, overlayDigests } from "../../components/image/overlay.ts";
import { streamCommand } from "../../components/image/stream-command.ts";
import { sha256 } from "../../components/util/digest.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const archive = (tree: FileTree) => Buffer.concat([...cpioChunks(tree)]);

function overlayFolder(mask = 0o022): string {
	const old = process.umask(mask);
	try {
		const folder = temporaryFolder();
		mkdirSync(join(folder, "etc/empty"), { recursive: true });
		writeFileSync(join(folder, "etc/motd"), "hello\n");
		writeFileSync(join(folder, "etc/run"), "#!/bin/sh\n");
		chmodSync(join(folder, "etc/run"), 0o777 & ~mask);
		symlinkSync("motd", join(folder, "etc/issue"));
		symlinkSync("/nowhere", join(folder, "etc/dangling"));
		return folder;
	} finally {
		process.umask(old);
	}
}

describe("an overlay", () => {
	test("is its paths, what is executable, contents, links and empty folders", async () => {
		expect(await overlayDigests(overlayFolder())).toEqual({
			"etc/dangling": `120777:${sha256("/nowhere")}`,
			"etc/empty": `040755:${sha256("")}`,
			"etc/issue": `120777:${sha256("motd")}`,
			"etc/motd": `100644:${sha256("hello\n")}`,
			"etc/run": `100755:${sha256("#!/bin/sh\n")}`,
		});
	});

	test("is the same for every umask", async () => {
		expect(await overlayDigests(overlayFolder(0o077))).toEqual(await overlayDigests(overlayFolder(0o002)));
	});

	test("shows a chmod and a changed link", async () => {
		const folder = overlayFolder();
		const before = await overlayDigests(folder);
		chmodSync(join(folder, "etc/motd"), 0o755);
		rmSync(join(folder, "etc/issue"));
		symlinkSync("run", join(folder, "etc/issue"));
		const after = await overlayDigests(folder);
		expect(Object.keys(before).filter((path) => before[path] !== after[path])).toEqual(["etc/issue", "etc/motd"]);
	});

	test("with a socket is refused with its path", async () => {
		const folder = overlayFolder();
		const server = createServer();
		await new Promise<void>((settle) => server.listen(join(folder, "etc/socket"), settle));
		await expect(overlayDigests(folder)).rejects.toMatchObject({ name: "UserError", where: join(folder, "etc/socket") });
		await new Promise((settle) => server.close(settle));
	});

	test("that changes during the build is noticed", async () => {
		const folder = overlayFolder();
		const digests = await overlayDigests(folder);
		writeFileSync(join(folder, "etc/motd"), "other\n");
		await expect(addOverlay(new Map(), folder, digests)).rejects.toThrow(/changed while/);
	});

	test("goes through links of the root filesystem, as it would on disk", async () => {
		const tree: FileTree = new Map();
		addFolder(tree, "usr/bin");
		addLink(tree, "bin", "usr/bin");
		addFile(tree, "bin/tool", "x", 0o755);
		expect([...tree.keys()]).toEqual(["usr", "usr/bin", "bin", "usr/bin/tool"]);
		add(tree, "bin", { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtime: 0, data: new Uint8Array(0) });
		expect(tree.get("bin")?.data).toEqual(Buffer.from("usr/bin"));
	});
});

describe("the archive", () => {
	test("unpacks to the tree", async () => {
		const folder = overlayFolder();
		const tree: FileTree = new Map();
		addFolder(tree, "tmp", 0o1777);
		await addOverlay(tree, folder, await overlayDigests(folder));
		const target = temporaryFolder();

		execFileSync("cpio", ["--extract", "--make-directories", "--quiet"], { cwd: target, input: archive(tree) });

		expect(await overlayDigests(target)).toEqual({ ...(await overlayDigests(folder)), tmp: `040755:${sha256("")}` });
		const listing = execFileSync("cpio", ["--list", "--verbose", "--numeric-uid-gid", "--quiet"], {
			input: archive(tree),
			encoding: "utf8",
		});
		expect(listing).toMatch(/^drwxrwxrwt +2 0 +0 .* tmp$/m);
		expect(listing).toMatch(/^-rwxr-xr-x +1 0 +0 .* etc\/run$/m);
		expect(listing).toMatch(/^lrwxrwxrwx .* etc\/issue -> motd$/m);
	});

	test("is the same whatever order things were added in, and when", () => {
		const one: FileTree = new Map();
		addFile(one, "a", "1");
		addDevice(one, "dev/console", 5, 1);
		const two: FileTree = new Map();
		addDevice(two, "dev/console", 5, 1);
		addFile(two, "a", "1");
		expect(archive(one).equals(archive(two))).toBe(true);
	});
});

test("a package's tar is read whole: links, hard links, long names, modes", async () => {
	const folder = temporaryFolder();
	const long = `${"long/".repeat(40)}name`;
	mkdirSync(join(folder, long, ".."), { recursive: true });
	writeFileSync(join(folder, long), "deep");
	writeFileSync(join(folder, "large"), Buffer.alloc(3_000_000, 7));
	utimesSync(join(folder, "large"), 1000, 1000);
	execFileSync("ln", ["large", "hard"], { cwd: folder });
	symlinkSync("large", join(folder, "soft"));
	const tree: FileTree = new Map();

	await addTar(tree, streamCommand("tar", ["-C", folder, "--sort=name", "--format=gnu", "-cf", "-", "."]), () => true);

	expect(tree.get(long)?.data).toEqual(Buffer.from("deep"));
	expect(tree.get("hard")?.data.length).toBe(3_000_000);
	expect(tree.get("large")?.data.length).toBe(3_000_000);
	expect(tree.get("large")?.mtime).toBe(1000);
	expect(Buffer.from(tree.get("soft")?.data ?? "").toString()).toBe("large");
});

test("a command that fails while it is read says so", async () => {
	const read = async () => {
		for await (const _ of streamCommand("sh", ["-c", "echo some; echo why >&2; exit 3"]));
	};
	await expect(read()).rejects.toThrow(/exit status 3\nwhy/);
});
