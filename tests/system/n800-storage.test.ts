// SPDX-License-Identifier: Apache-2.0
// A signed N800 whose personas have volumes on its memory card, under the real engine and in real guests: what was flushed is there after QEMU was
// killed, each persona has its own, and one grows in place; an older image, and one that differs by a byte, is refused, by Veil too.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listVolumes, observeHandset, personaScreenshot } from "../../components/handset/index.ts";
import { flashEmulated, openStore } from "../../components/image/index.ts";
import { stripPixels } from "../../components/image/strip.ts";
import { readRawImage } from "../../components/image/verify.ts";
import * as persona from "../../components/index.ts";
import { boardByName } from "../../components/manifest/index.ts";
import { silent } from "../../components/util/progress.ts";
import { persona as command } from "../cli/run.ts";
import type { Project, TestStack } from "../provider/project.ts";
import { withFlip } from "../signing/flips.ts";
import { bootFlash } from "./boot-veil.ts";
import { storageProject } from "./storage-project.ts";

const BUILD_MS = 1_800_000; // the first time, the guests' kernel is compiled

const phone = (signedVersion: number) => `version: 1
kind: Phone
name: tablet
board: n800
target: { via: qemu, cpus: 1 }
personas: [../personas/work.yaml, ../personas/personal.yaml]
policy: ../personas/policy.yaml
initialForeground: personal
signing: { key: ../keys/release.pub.pem, version: ${signedVersion} }
`;

const persona800 = (name: string, colour: string, storage: string) => `version: 1
kind: Persona
name: ${name}
indicator: { label: ${name}, colour: "${colour}" }
guest: { os: linux, builder: debian, overlay: ./overlay, commandLine: quiet }
resources: { memoryMiB: 32 }
${storage}`;
const work = (sizeMiB: number) =>
	persona800(
		"work",
		"#c0392b",
		`devices: { agent: true, display: true }
storage:
  - { name: data, sizeMiB: ${sizeMiB}, mount: /data, contents: ./data, onDelete: wipe }
  - { name: vault, sizeMiB: 32, mount: /vault, contents: ./vault, encrypted: true, onDelete: wipe }
`,
	);
const PERSONAL = persona800(
	"personal",
	"#2471a3",
	`storage:
  - { name: data, sizeMiB: 16, mount: /data, onDelete: wipe }
`,
);

let project: Project;
let stack: TestStack;
let handset: string;

const runFolder = () => join(project.folder, ".xdg", "persona", "run", handset);
const said = (name: string) =>
	readFileSync(join(runFolder(), "logs", `console-${name}.log`), "utf8")
		.split(/\r?\n/)
		.filter((line) => line.includes("storage: ") || line.includes("persona: volume"));

beforeAll(async () => {
	project = storageProject({ overlay: "overlay", blocks: 20 });
	project.env.XDG_DATA_HOME = join(project.folder, "..", `${basename(project.folder)}-data`);
	const made = await command(["key", "new", "release"], { cwd: project.folder, env: { ...project.env, PERSONA_PROJECT: "" } });
	expect(made.stderr).toBe("");
	project.write("stacks/n800.phone.yaml", phone(3));
	project.write("personas/work.yaml", work(24));
	project.write("personas/personal.yaml", PERSONAL);
	stack = await project.stack(async () => {
		const phone = new persona.Phone("tablet", { phone: "stacks/n800.phone.yaml" });
		return { handset: phone.handset };
	});
}, BUILD_MS);

afterAll(async () => {
	await stack.run("destroy");
	rmSync(runFolder(), { recursive: true, force: true });
	project.remove();
	rmSync(project.env.XDG_DATA_HOME ?? "", { recursive: true, force: true });
});

describe("a persona of the N800 with volumes", () => {
	test(
		"finds on them what they began with, an encrypted one too, and can write",
		async () => {
			const up = await stack.run("up");
			handset = String(up.outputs.handset);
			expect(up.diagnostics).toBe("");
			expect(said("work")).toEqual([
				"storage: vault begins with sesame opens",
				expect.stringMatching(/size \d+ KiB/),
				"storage: begins with good day",
				"storage: written",
			]);
			expect(said("personal")).toEqual([expect.stringMatching(/size \d+ KiB/), "storage: written"]);
			expect((await listVolumes()).sort((a, b) => a.id.localeCompare(b.id))).toMatchObject([
				{ id: `${handset}/personal/data`, sizeMiB: 16, state: "attached", used: true },
				{ id: `${handset}/work/data`, sizeMiB: 24, state: "attached", used: true },
				{ id: `${handset}/work/vault`, sizeMiB: 32, state: "attached", used: true },
			]);
		},
		BUILD_MS,
	);

	test("has them on a card of a size that QEMU takes, which takes little room on this machine", () => {
		const { size, blocks } = statSync(join(runFolder(), "disk.img"));
		expect(size).toBe(32 * 2 ** 30);
		expect(blocks * 512).toBeLessThan(100 * 2 ** 20);
	});

	test("finds what it wrote and flushed after QEMU was killed, and the volume grown with its file system", async () => {
		const before = Number(/size (\d+)/.exec(said("work").join("\n"))?.[1]);
		process.kill(Number(readFileSync(join(runFolder(), "qemu.pid"), "utf8")), "SIGKILL");
		project.write("personas/work.yaml", work(48));
		const up = await stack.run("up");
		expect(up.diagnostics).not.toContain("error");
		expect(up.steps).toMatchObject({ "Volume tablet-work-data": "update", "GuestImage tablet-work": "same" });
		expect(said("work").at(-1)).toBe("storage: whole");
		expect(said("personal").at(-1)).toBe("storage: whole");
		expect(Number(/size (\d+)/.exec(said("work").join("\n"))?.[1])).toBeGreaterThan(before * 1.7);
	});
});

/** What Veil writes on the screen: dots, each of 16 pixels by 16. */
const REFUSED = [
	"####..#####.#####.#...#..###..#####.###..",
	"#...#.#.....#.....#...#.#...#.#.....#..#.",
	"#...#.#.....#.....#...#.#.....#.....#...#",
	"####..####..####..#...#..###..####..#...#",
	"#.#...#.....#.....#...#.....#.#.....#...#",
	"#..#..#.....#.....#...#.#...#.#.....#..#.",
	"#...#.#####.#......###...###..#####.###..",
];

/** Does the screen show Veil's word in its midst, white on black? */
function isRefused(screen: Uint8Array): boolean {
	const [width, height, dot] = [800, 480, 16];
	const picture = decode(screen);
	if (picture.width !== width || picture.height !== height) return false;
	const [left, top] = [(width - (REFUSED[0]?.length ?? 0) * dot) / 2, (height - REFUSED.length * dot) / 2];
	return Array.from({ length: width * height }).every((_, pixel) => {
		const row = Math.floor((Math.floor(pixel / width) - top) / dot);
		const isWhite = REFUSED[row]?.[Math.floor(((pixel % width) - left) / dot)] === "#";
		// Of RGB565 QEMU gives the lowest bits as zeros.
		return [0, 1, 2].every((part) => (picture.data[pixel * picture.channels + part] ?? 0) >> 3 === (isWhite ? 0x1f : 0));
	});
}

describe("the same phone, which is signed,", () => {
	const image = async () => {
		const [built] = await stack.state("DeviceImage");
		return (await (await openStore()).get(String(built?.outputs.digest)))?.path ?? "";
	};
	/** Nobody but Veil looks at an image in the handset's flash as it is now, and says this. */
	const expectRefusal = async (path: string, words: RegExp) => {
		const flash = join(project.folder, "flash.img");
		execFileSync("cp", ["--sparse=always", "--reflink=auto", join(runFolder(), "flash.img"), flash]);
		const { document: board } = await boardByName("n800");
		await flashEmulated({ path }, board, flash, { store: await openStore(), progress: silent });
		expect(await bootFlash(flash, isRefused)).toEqual({ refused: expect.stringMatching(words) });
	};

	test("says so by strips that bear no mark", async () => {
		const { width, channels, data } = decode(await personaScreenshot(handset, "work"));
		const wanted = new Uint16Array(stripPixels({ label: "work", colour: 0xc0392b }, width, 64, "rgb565").buffer);
		const at = (index: number) => data[index] ?? 0;
		const drawn = wanted.map((_, pixel) => {
			const from = pixel * channels;
			return ((at(from) >> 3) << 11) | ((at(from + 1) >> 2) << 5) | (at(from + 2) >> 3);
		});
		expect(drawn).toEqual(wanted);
	});

	test("does not run with one byte that is another, in a payload or the manifest", async () => {
		const path = join(project.folder, "flipped.img");
		copyFileSync(await image(), path);
		const file = await open(path);
		const { header, tables } = await readRawImage(file).finally(() => file.close());
		const { offset, size } = tables.payloads.at(-1) ?? { offset: 0n, size: 0n };
		await withFlip(path, { at: Number(offset + size / 2n), mask: 4 }, () => expectRefusal(path, /wrong digest: payload/));
		await withFlip(path, { at: Number(header.manifestOffset + header.manifestSize) - 1, mask: 1 }, () =>
			expectRefusal(path, /wrong signature; version 0x3/),
		);
	});

	test("goes back to no older version: neither the deployer starts it nor, where nobody asks it, Veil", async () => {
		const { imageDigest } = await observeHandset(handset);
		project.write("stacks/n800.phone.yaml", phone(2));
		const up = await stack.run("up");
		expect(up.failed).toBe(true);
		expect(up.diagnostics).toContain("the image has version 2, and this handset has accepted version 3");
		expect(await observeHandset(handset)).toMatchObject({ imageDigest, alive: true });
		await expectRefusal(await image(), /older than the accepted version 0x3/);
	});
});
