// SPDX-License-Identifier: Apache-2.0
// Loading a phone: every document it names, all problems in one run, defaults filled in, the same from files and from code.
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	boardByName,
	documentFolder,
	loadPhone,
	type PersonaInput,
	type PhoneParts,
	phoneFromParts,
	printDocument,
	renderProblems,
} from "../../components/manifest/index.ts";
import { checkFiles, loadAndCheckParts, loadAndCheckPersona, loadAndCheckPhone } from "../../components/policy/index.ts";
import { UserError } from "../../components/util/index.ts";
import { folderWith, lines, personalYaml, phoneYaml, workYaml } from "./documents.ts";

const root = path.resolve(import.meta.dirname, "../..");
const good = { "dev.phone.yaml": phoneYaml, "work.yaml": workYaml, "personal.yaml": personalYaml };

describe("a phone in files", () => {
	it("is read with every default filled in", async () => {
		const folder = folderWith(good);
		const { resolved, problems } = await loadPhone(path.join(folder, "dev.phone.yaml"));
		expect(problems).toEqual([]);
		expect(resolved?.phone.document).toEqual({
			version: 1,
			kind: "Phone",
			name: "pocket",
			board: "qemu-virt",
			personas: ["work.yaml", "personal.yaml"],
			policy: null,
			rules: null,
			initialForeground: "work",
			signing: null,
			veil: { builder: "debian" },
			target: { via: "qemu", cpus: 2, usb: null },
		});
		expect(resolved?.policy.document).toMatchObject({ networks: {}, channels: [], switching: { hotkey: [], lockOnLeave: [] } });
		expect(resolved?.personas.map(({ file }) => path.basename(file))).toEqual(["work.yaml", "personal.yaml"]);
		expect(resolved?.board.document.name).toBe("qemu-virt");
		expect(resolved?.rules).toBeUndefined();
	});

	it("reports the problems of all its documents in one run, and those across them that can be seen", async () => {
		const folder = folderWith({
			"dev.phone.yaml": `${phoneYaml.replace("qemu-virt", "qemu-vrit")}policy: polcy.yaml\nrules: rules.yaml\ninitialForeground: wrk\nextra: 1\n`,
			"work.yaml": workYaml.replace("Work", "Work\u007f"),
			"personal.yaml": `${personalYaml}guest: { kernel: { path: ./nothing } }\n`,
			"policy.yaml": "version: 1\nkind: Policy\nname: p\n",
			"rules.yaml": "version: 1\nkind: Policy\nname: p\n",
		});
		const { problems, resolved } = await loadAndCheckPhone(path.join(folder, "dev.phone.yaml"));
		expect(resolved).toBeUndefined();
		expect(lines(problems, folder).join("\n")).toMatchInlineSnapshot(`
			"dev.phone.yaml:4:8: there is no board "qemu-vrit"; allowed: n800, qemu-virt; did you mean "qemu-virt"?
			dev.phone.yaml:6:9: "policy" names polcy.yaml: there is no such file; allowed: a document's path from this one; did you mean "policy.yaml"?
			dev.phone.yaml:9:1: unknown key "extra"; allowed: version, kind, name, board, personas, policy, rules, initialForeground, signing, veil, target
			work.yaml:4:21: "indicator.label" cannot be "Work\\x7f"; allowed: 1 to 31 printable ASCII characters, no space at either end
			personal.yaml:5:10: "guest.kernel" means nothing to builder debian; allowed with: prebuilt
			personal.yaml:5:26: "guest.kernel.path" names ./nothing: there is no such file; allowed: a file, by its path from this document
			rules.yaml:2:7: "kind" is "Policy", but a document of kind Rules is needed here; allowed: Rules"
		`);
	});

	it("may name each document once", async () => {
		const folder = folderWith({ ...good, "dev.phone.yaml": phoneYaml.replace("personal.yaml", "./work.yaml") });
		const { problems } = await loadPhone(path.join(folder, "dev.phone.yaml"));
		expect(lines(problems, folder)).toEqual([
			'dev.phone.yaml:5:23: "personas[1]" names ./work.yaml again; allowed: each document once',
		]);
	});

	it("does not wait for pipes, nor read devices", async () => {
		const folder = folderWith({ ...good, "dev.phone.yaml": `${phoneYaml}policy: pipe\nrules: zero\n` });
		execFileSync("mkfifo", [path.join(folder, "pipe")]);
		symlinkSync("/dev/zero", path.join(folder, "zero"));
		const { problems } = await loadPhone(path.join(folder, "dev.phone.yaml"));
		expect(lines(problems, folder)).toEqual([
			'dev.phone.yaml:6:9: "policy" names pipe: not a file; allowed: a document\'s path from this one',
			'dev.phone.yaml:7:8: "rules" names zero: not a file; allowed: a document\'s path from this one',
		]);
	});

	it("takes a board of the project before the package's own", async () => {
		const folder = folderWith({
			...good,
			"Pulumi.yaml": "name: x\nruntime: nodejs\n",
			"boards/qemu-virt/board.yaml": "version: 1\nkind: Board\n",
		});
		const { problems } = await loadPhone(path.join(folder, "dev.phone.yaml"));
		expect(lines(problems, folder)[0]).toMatch(/^boards\/qemu-virt\/board.yaml:1:1: "name" is missing; /);
	});
});

describe("a phone in code", () => {
	const parts: PhoneParts = {
		name: "pocket",
		board: "qemu-virt",
		personas: [{ name: "work", indicator: { label: "Work", colour: "#c0392b" } }, "personal.yaml"],
		policy: { name: "apart" },
	};

	it("gives the same documents as files", async () => {
		const folder = folderWith({
			...good,
			"policy.yaml": "version: 1\nkind: Policy\nname: apart\n",
			"dev.phone.yaml": `${phoneYaml}policy: policy.yaml\n`,
		});
		const inCode = await phoneFromParts(parts, folder);
		const inFiles = await loadPhone(path.join(folder, "dev.phone.yaml"));
		expect(inCode.problems).toEqual([]);
		expect(inCode.resolved?.personas.map(({ document }) => document)).toEqual(
			inFiles.resolved?.personas.map(({ document }) => document),
		);
		expect(inCode.resolved?.policy.document).toEqual(inFiles.resolved?.policy.document);
		expect(inCode.resolved?.phone.document).toEqual({
			...inFiles.resolved?.phone.document,
			personas: ["(in code)", "personal.yaml"],
			policy: "(in code)",
		});
		expect(inCode.resolved?.personas.map(documentFolder)).toEqual([folder, folder]);
	});

	it("has its problems at property paths, beside those of files", async () => {
		const folder = folderWith({ "personal.yaml": `${personalYaml}start: never\n` });
		const wrong = {
			...parts,
			personas: [
				{
					name: "work",
					indicator: { label: "Work" },
					guest: { biulder: "debian", overlay: "nowhere" },
					storage: [{ name: "a", sizeMiB: 0 }],
				},
				"personal.yaml",
				7,
			],
			policy: { name: "apart", channels: [{ from: "work", to: "work", carries: "clipboard", maxKiB: 1 }] },
			rules: "nothing.yaml",
			initialForegroud: "work",
			board: undefined,
		} as unknown as PhoneParts;
		const { problems, resolved } = await loadAndCheckParts(wrong, folder);
		expect(resolved).toBeUndefined();
		expect(lines(problems, folder).join("\n")).toMatchInlineSnapshot(`
			"board: "board" is missing; allowed: lower-case letters, digits and \`-\`, starting with a letter, at most 31 characters
			initialForegroud: unknown key "initialForegroud"; allowed: version, kind, name, board, personas, policy, rules, initialForeground, signing, veil, target; did you mean "initialForeground"?
			personas[2]: "personas[2]" cannot be 7, which is not text; allowed: text of 1 to 1000 characters; put it in quotes if text is meant
			rules: "rules" names nothing.yaml: there is no such file; allowed: a document's path from this one
			personas[0].indicator.colour: "indicator.colour" is missing; allowed: a quoted colour such as "#c0392b"
			personas[0].guest.biulder: unknown key "biulder" in "guest"; allowed: os, builder, base, packages, config, overlay, kernel, firmware, initramfs, deviceTree, commandLine; did you mean "builder"?
			personas[0].storage[0].sizeMiB: "storage[0].sizeMiB" cannot be 0; allowed: a whole number from 1 to 1048576
			personal.yaml:5:8: "start" cannot be "never"; allowed: atBoot, onDemand
			policy.channels[0].to: "channels[0].to" is "work", where it comes from; allowed: another persona"
		`);
	});

	it("may be anything at all without an error of ours", async () => {
		const folder = folderWith(good);
		await fc.assert(
			fc.asyncProperty(
				fc.object({
					key: fc.constantFrom("name", "board", "personas", "policy", "rules", "guest", "indicator", "target", "x"),
					withNullPrototype: true,
					withBigInt: true,
					withDate: true,
				}),
				async (anything) => {
					const { resolved, problems } = await loadAndCheckParts(anything as unknown as PhoneParts, folder);
					expect(resolved).toBeUndefined();
					expect(problems.length).toBeGreaterThan(0);
				},
			),
		);
	});
});

describe("a single persona", () => {
	it("is checked for a board with what needs no other document", async () => {
		const folder = folderWith({ "work.yaml": `${workYaml}devices: { network: work, audio: true }\nguest: { os: wince }\n` });
		const { draft, problems } = await loadAndCheckPersona("work.yaml", "qemu-virt", folder);
		expect(draft.personas[0]?.document.name).toBe("work");
		expect(lines(problems, folder).join("\n")).toMatchInlineSnapshot(`
			"work.yaml:5:34: "devices.audio" is true, not supported by board qemu-virt yet; allowed: false
			work.yaml:6:1: "guest.builder" is debian, which cannot build wince; allowed: prebuilt
			work.yaml:6:14: "guest.os" is wince, which does not run on arm64 (board qemu-virt); allowed: linux, android, baremetal"
		`);
		const inCode: Omit<PersonaInput, "version" | "kind"> = { name: "work", indicator: { label: "Work", colour: "red" } };
		expect(lines((await loadAndCheckPersona(inCode, "n900", folder)).problems, folder)).toEqual([
			'document.indicator.colour: "indicator.colour" cannot be "red"; allowed: a quoted colour such as "#c0392b"',
			'board: there is no board "n900"; allowed: n800, qemu-virt; did you mean "n800"?',
		]);
	});

	it("is read anew once its document has changed", async () => {
		const folder = folderWith({ "work.yaml": workYaml });
		const label = async () =>
			(await loadAndCheckPersona("work.yaml", "qemu-virt", folder)).draft.personas[0]?.document.indicator.label;
		expect(await label()).toBe("Work");
		writeFileSync(path.join(folder, "work.yaml"), workYaml.replace("label: Work", "label: Play"));
		expect(await label()).toBe("Play");
	});
});

describe("boards", () => {
	it("are found by name", async () => {
		const { document, file } = await boardByName("qemu-virt", folderWith({}));
		expect(document.uart.base).toBe(0x09000000);
		expect(file).toBe(path.join(root, "boards/qemu-virt/board.yaml"));
	});

	it.each([
		["qemu_virt", 'there is no board "qemu_virt"; allowed: n800, qemu-virt; did you mean "qemu-virt"?'],
		["../../etc", 'there is no board "../../etc"; allowed: n800, qemu-virt'],
	])("%s is refused with what is allowed", async (name, message) => {
		await expect(boardByName(name, root)).rejects.toThrow(new UserError(message));
	});
});

describe("printing", () => {
	it("with defaults gives a document that reads as itself, byte for byte", async () => {
		const folder = folderWith(good);
		const { resolved } = await loadPhone(path.join(folder, "dev.phone.yaml"));
		for (const loaded of [resolved!.phone, ...resolved!.personas, resolved!.policy, resolved!.board]) {
			const printed = printDocument(loaded);
			const again = folderWith({ ...good, "printed.yaml": printed });
			const { documents, problems } = await checkFiles([path.join(again, "printed.yaml")]);
			expect(renderProblems(problems)).toBe("");
			const same = documents.find(({ file }) => file.endsWith("printed.yaml"));
			expect(same?.document).toEqual(loaded.document);
			expect(printDocument(same!)).toBe(printed);
		}
	});

	it("does not depend on the order in which keys are written", async () => {
		const keys = [
			"version: 1",
			"kind: Persona",
			"name: work",
			'indicator: { colour: "#c0392b", label: Work }',
			"start: onDemand",
			"resources: { cpus: 2 }",
		];
		await fc.assert(
			fc.asyncProperty(fc.shuffledSubarray(keys, { minLength: keys.length }), async (shuffled) => {
				const folder = folderWith({ "a.yaml": `${shuffled.join("\n")}\n` });
				const { documents } = await checkFiles([path.join(folder, "a.yaml")]);
				expect(printDocument(documents[0]!)).toMatch(
					/^version: 1\nkind: Persona\nname: work\nuuid: null\nindicator:\n {2}label: Work\n/,
				);
				expect(printDocument(documents[0]!)).toContain("  cpus: 2\n  cpuShare: 100\n  cpuCapPercent: 200\n");
			}),
			{ numRuns: 20 },
		);
	});
});

describe("what comes with the project", () => {
	it("is free of problems", async () => {
		const { documents, problems } = await checkFiles(
			["stacks/dev.phone.yaml", "boards/qemu-virt/board.yaml"].map((name) => path.join(root, name)),
		);
		expect(renderProblems(problems)).toBe("");
		expect(documents.map(({ document }) => document.kind)).toEqual(["Phone", "Persona", "Persona", "Policy", "Rules", "Board"]);
	});
});

it("checks 1,000 persona documents within 2 seconds of processor time", async () => {
	const folder = folderWith(
		Object.fromEntries(
			Array.from({ length: 1000 }, (_, i) => [
				`p${i}.yaml`,
				`${workYaml.replace("work", `work${i}`)}guest: { packages: [dropbear-bin], overlay: ./overlay, commandLine: quiet }
resources: { memoryMiB: 192, cpus: 1, cpuShare: 50, cpuCapPercent: 80, whenInBackground: run }
storage:
  - { name: data, sizeMiB: 256, mount: /data, encrypted: true }
devices: { display: true, input: true, network: work, agent: true, audio: false }
start: atBoot
onCrash: restart
`,
			]),
		),
	);
	mkdirSync(path.join(folder, "overlay"));
	const files = Array.from({ length: 1000 }, (_, i) => path.join(folder, `p${i}.yaml`));
	const before = process.cpuUsage();
	const { documents, problems } = await checkFiles(files);
	const { user, system } = process.cpuUsage(before);
	expect(problems).toEqual([]);
	expect(documents).toHaveLength(1000);
	expect((user + system) / 1e6).toBeLessThan(2);
});
