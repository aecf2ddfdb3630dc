// SPDX-License-Identifier: Apache-2.0
// Messages say what is wrong, what is allowed and what was meant, and point exactly to it.
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { schemaOf } from "../../components/manifest/schema.ts";
import { editDistance, suggest } from "../../components/manifest/suggest.ts";
import { checkFiles } from "../../components/policy/index.ts";
import { folderWith, lines, workYaml } from "./documents.ts";

async function check(text: string): Promise<string[]> {
	const folder = folderWith({ "a.yaml": text });
	return lines((await checkFiles([path.join(folder, "a.yaml")])).problems, folder);
}

describe("a persona's mistakes", () => {
	it("are all reported at once, in the order of the lines", async () => {
		const text = `version: 2
kind: Persona
name: Work
indicator: { label: " Work", color: "#c0392b" }
guest:
  builder: debain
  packages: [dropbear-bin, dropbear-bin, "-oops"]
  comandLine: quiet
memoryMiB: 64
resources: { cpus: 9, memory: 192, cpuShare: "50", cpuCapPercent: 1.5 }
storage:
  - { name: data, sizeMiB: 256, mount: data, encrypted: yes }
  - { nam: data }
devices: [display]
onCrash: reboot
start:
`;
		expect((await check(text)).join("\n")).toMatchInlineSnapshot(`
			"a.yaml:1:10: "version" cannot be 2; allowed: 1
			a.yaml:3:7: "name" cannot be "Work"; allowed: lower-case letters, digits and \`-\`, starting with a letter, at most 31 characters
			a.yaml:4:21: "indicator.label" cannot be " Work"; allowed: 1 to 31 printable ASCII characters, no space at either end
			a.yaml:4:30: unknown key "color" in "indicator"; allowed: label, colour; did you mean "colour"?
			a.yaml:6:12: "guest.builder" cannot be "debain"; allowed: debian, buildroot, prebuilt; did you mean "debian"?
			a.yaml:7:28: "guest.packages" lists "dropbear-bin" twice; allowed: each once
			a.yaml:7:42: "guest.packages[2]" cannot be "-oops"; allowed: a package's name: letters, digits and \`+._-\`
			a.yaml:8:3: unknown key "comandLine" in "guest"; allowed: os, builder, base, packages, config, overlay, kernel, firmware, initramfs, deviceTree, commandLine; did you mean "commandLine"?
			a.yaml:9:1: unknown key "memoryMiB"; allowed: version, kind, name, uuid, indicator, guest, resources, storage, devices, start, onCrash, restartLimit, restartWindowSeconds, watchdogSeconds, ready; did you mean "resources.memoryMiB"?
			a.yaml:10:20: "resources.cpus" cannot be 9; allowed: a whole number from 1 to 8
			a.yaml:10:23: unknown key "memory" in "resources"; allowed: memoryMiB, cpus, cpuShare, cpuCapPercent, whenInBackground; did you mean "memoryMiB"?
			a.yaml:10:46: "resources.cpuShare" cannot be "50"; allowed: a whole number from 1 to 1000; did you mean 50?
			a.yaml:10:67: "resources.cpuCapPercent" cannot be 1.5; allowed: a whole number from 1 to 800
			a.yaml:12:40: "storage[0].mount" cannot be "data"; allowed: an absolute path of letters, digits and \`._-\`, or null
			a.yaml:12:57: "storage[0].encrypted" cannot be "yes"; allowed: true or false; did you mean true?
			a.yaml:13:5: "storage[1].sizeMiB" is missing; allowed: a whole number from 1 to 1048576
			a.yaml:13:7: unknown key "nam" in "storage[1]"; allowed: name, sizeMiB, mount, encrypted, fileSystem, contents, onDelete; did you mean "name"?
			a.yaml:14:10: "devices" cannot be a list; allowed: keys display, input, agent, network, audio
			a.yaml:15:10: "onCrash" cannot be "reboot"; allowed: restart, stop
			a.yaml:16:7: "start" cannot be empty; allowed: atBoot, onDemand"
		`);
	});

	it("do not hide behind another kind's keys", async () => {
		expect(await check("version: 1\nname: work\n")).toEqual([
			'a.yaml:1:1: "kind" is missing; allowed: Persona, Policy, Rules, Phone, Board',
		]);
		expect(await check("version: 1\nkind: persona\n")).toEqual([
			'a.yaml:2:7: "kind" cannot be "persona"; allowed: Persona, Policy, Rules, Phone, Board; did you mean "Persona"?',
		]);
		expect(await check("- a\n")).toEqual([
			"a.yaml:1:1: a document cannot be a list; allowed: keys version, kind and those of the kind",
		]);
	});

	it("are shown without what a terminal would act on", async () => {
		const [line] = await check(`${workYaml}guest: { os: "\\e]0;owned\\a\\u202e" }\n`);
		expect(line).toBe('a.yaml:5:14: "guest.os" cannot be "\\x1b]0;owned\\x07\\u202e"; allowed: linux, android, wince, baremetal');
	});

	it("are cut when there are very many", async () => {
		const found = await check(`${workYaml}${Array.from({ length: 5000 }, (_, i) => `x${i}: 1\n`).join("")}`);
		expect(found).toHaveLength(101);
		expect(found.at(-1)).toMatch(/: 4900 more problems in this document$/);
	});

	it("name the file itself when it cannot be read", async () => {
		const folder = folderWith({ "a.yaml": new Uint8Array([0x61, 0x3a, 0xff, 0xfe]), "b.yaml": "#".repeat(200_000), "d/x": "" });
		const { problems } = await checkFiles(["a.yaml", "b.yaml", "c.yaml", "d"].map((name) => path.join(folder, name)));
		expect(lines(problems, folder)).toEqual([
			"a.yaml:1:1: not UTF-8 text",
			"b.yaml:1:1: 200000 bytes is too large for a document; allowed: at most 131072",
			"c.yaml:1:1: there is no such file",
			"d:1:1: not a file",
		]);
	});
});

describe("properties", () => {
	const full = {
		version: 1,
		kind: "Persona",
		name: "work",
		indicator: { label: "Work", colour: "#c0392b" },
		guest: { os: "linux", packages: ["a", "b"], commandLine: "quiet" },
		resources: { memoryMiB: 192, cpus: 1 },
		storage: [
			{ name: "data", sizeMiB: 1 },
			{ name: "more", sizeMiB: 2, mount: "/more" },
		],
		ready: { marker: "up", deadlineSeconds: 5 },
	};
	type Step = string | number;
	const groups: Step[][] = [[], ["indicator"], ["guest"], ["resources"], ["storage", 0], ["storage", 1], ["ready"]];
	const style = fc.constantFrom<"block" | "flow">("block", "flow");

	/** Writes the document with a marked mistake, and finds the place of the mark in the text. */
	function written(document: object, mark: string, how: "block" | "flow"): { text: string; place: string } {
		const text = stringify(document, { lineWidth: 40, defaultKeyType: "PLAIN", collectionStyle: how });
		const start = text.indexOf(mark);
		const before = text.slice(0, text[start - 1] === '"' ? start - 1 : start); // a quoted value starts at its quote
		return { text, place: `a.yaml:${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}: ` };
	}
	function at(document: object, steps: readonly Step[]): Record<Step, unknown> {
		return steps.reduce<unknown>((value, step) => (value as Record<Step, unknown>)[step], document) as Record<Step, unknown>;
	}

	it("an unknown key anywhere is reported at the key, once, and nothing else is", async () => {
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...groups), style, fc.stringMatching(/^zz[a-z]{3,12}$/), async (steps, how, key) => {
				const document = structuredClone(full);
				at(document, steps)[key] = 1;
				const { text, place } = written(document, `${key}:`, how);
				const found = await check(text);
				expect(found).toHaveLength(1);
				expect(found[0]).toContain(`${place}unknown key "${key}"`);
			}),
			{ numRuns: 60 },
		);
	});

	it("a wrong value anywhere is reported at the value", async () => {
		const places: Step[][] = [
			["name"],
			["indicator", "colour"],
			["guest", "os"],
			["guest", "packages", 1],
			["resources", "cpus"],
			["storage", 1, "mount"],
		];
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...places), style, async (steps, how) => {
				const document = structuredClone(full);
				at(document, steps.slice(0, -1))[steps.at(-1)!] = "??WRONG??";
				const { text, place } = written(document, "??WRONG??", how);
				const found = await check(text);
				expect(found).toHaveLength(1);
				expect(found[0]?.startsWith(place), `${found[0]} at ${place}in\n${text}`).toBe(true);
			}),
			{ numRuns: 40 },
		);
	});

	it("a key with one slip of the finger is understood", () => {
		const keys = Object.keys(schemaOf("Persona").properties?.resources?.properties ?? {});
		fc.assert(
			fc.property(fc.constantFrom(...keys), fc.nat(), fc.constantFrom("drop", "double", "swap"), (key, n, slip) => {
				const i = n % (key.length - 1);
				const [head, one, two, tail] = [key.slice(0, i), key[i] ?? "", key[i + 1] ?? "", key.slice(i + 2)];
				const typed =
					slip === "drop" ? head + two + tail : slip === "double" ? head + one + one + two + tail : head + two + one + tail;
				expect(suggest(typed, keys)).toBe(key);
			}),
		);
	});

	it("edit distance is a metric, up to its limit", () => {
		const word = fc.stringMatching(/^[abc]{0,6}$/);
		fc.assert(
			fc.property(word, word, (a, b) => {
				expect(editDistance(a, a, 9)).toBe(0);
				expect(editDistance(a, b, 9)).toBe(editDistance(b, a, 9));
				expect(editDistance(a, b, 9)).toBeLessThanOrEqual(Math.max(a.length, b.length));
				expect(editDistance(a, b, 2)).toBe(Math.min(3, editDistance(a, b, 9)));
			}),
		);
	});
});
