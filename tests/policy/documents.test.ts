// SPDX-License-Identifier: Apache-2.0
// What must hold within one persona, policy, rules or board document and no schema can say.
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkFiles } from "../../components/policy/index.ts";
import { folderWith, lines } from "../manifest/documents.ts";
import { everythingYaml, problemsOf } from "./phones.ts";

describe("a persona", () => {
	it.each([
		[
			{ guest: { builder: "prebuilt", os: "baremetal" } },
			['personas[0].guest.kernel: "guest.kernel" is missing; builder prebuilt needs it, or guest.firmware'],
		],
		[
			{ guest: { builder: "prebuilt", kernel: { url: "https://example.org/k" }, packages: ["a"], base: "debian" } },
			[
				'personas[0].guest.packages: "guest.packages" means nothing to builder prebuilt; allowed with: debian, buildroot',
				'personas[0].guest.base: "guest.base" means nothing to builder prebuilt; allowed with: debian',
				'personas[0].guest.kernel.sha256: "guest.kernel.sha256" is missing; a file from a url needs it',
			],
		],
		[
			{ guest: { builder: "prebuilt", kernel: {}, initramfs: { path: "/dev/null", url: "http://x" } } },
			[
				'personas[0].guest.initramfs.path: "guest.initramfs.path" names /dev/null: that is not a file; allowed: a file, by its path from this document',
				'personas[0].guest.kernel: "guest.kernel" has neither path nor url; allowed: one of them',
				'personas[0].guest.initramfs: "guest.initramfs" has both path and url; allowed: one of them',
			],
		],
		[
			{
				guest: {
					builder: "prebuilt",
					os: "baremetal",
					firmware: { url: "https://a.example/a", sha256: "0".repeat(64) },
					kernel: { url: "https://a.example/b", sha256: "0".repeat(64) },
				},
			},
			['personas[0].guest.kernel: "guest.kernel" is there beside guest.firmware; allowed: one of them'],
		],
		[
			{ guest: { firmware: { url: "https://a.example/a", sha256: "0".repeat(64) } } },
			['personas[0].guest.firmware: "guest.firmware" means nothing to builder debian; allowed with: prebuilt'],
		],
		[
			{ guest: { config: { BR2_PACKAGE_NANO: true } } },
			['personas[0].guest.config: "guest.config" means nothing to builder debian; allowed with: buildroot'],
		],
		[
			{ guest: { builder: "buildroot", base: "debian" } },
			['personas[0].guest.base: "guest.base" means nothing to builder buildroot; allowed with: debian'],
		],
		[
			{ guest: { os: "baremetal" } },
			['personas[0].guest.builder: "guest.builder" is debian, which cannot build baremetal; allowed: prebuilt'],
		],
		[
			{ guest: { os: "android" } },
			['personas[0].guest.builder: "guest.builder" is debian, which cannot build android; allowed: buildroot, prebuilt'],
		],
		[
			{ resources: { cpus: 2, cpuCapPercent: 201 } },
			['personas[0].resources.cpuCapPercent: "resources.cpuCapPercent" is 201; allowed: at most 200 with 2 CPUs'],
		],
		[
			{
				storage: [
					{ name: "a", sizeMiB: 4, mount: "/a" },
					{ name: "a", sizeMiB: 4, mount: "/a" },
					{ name: "b", sizeMiB: 4, mount: "/b/../a" },
					{ name: "c", sizeMiB: 4 },
					{ name: "d", sizeMiB: 4 },
				],
			},
			[
				'personas[0].storage[1].name: "storage[1].name" is that of storage[0] too; allowed: each name once',
				'personas[0].storage[1].mount: "storage[1].mount" is that of storage[0] too; allowed: each place once',
				'personas[0].storage[2].mount: "storage[2].mount" is "/b/../a"; allowed: a path below /, without //, . and ..',
			],
		],
	] as const)("%j", async (work, expected) => {
		expect(await problemsOf({ work: work as never })).toEqual(expected);
	});
});

describe("a policy", () => {
	it("allows ranges, ports and channels that mean something", async () => {
		const policy = {
			name: "p",
			networks: {
				none: {},
				work: {
					egress: [
						{ to: "10.20.0.0/16", protocol: "tcp", ports: [443] },
						{ to: "10.20.0.1/16" },
						{ to: "10.0.0.0/8", ports: [443] },
						{ to: "0.0.0.0/0" },
						{ to: "1.2.3.4/32" },
						{ to: "::/0" },
						{ to: "2001:db8::/32" },
						{ to: "2001:db8::1/64" },
						{ to: "2001:db8:ffff::/33" },
						{ to: "::ffff:10.0.0.1/112" },
					],
				},
			},
			channels: [
				{ from: "work", to: "work", carries: "files", maxKiB: 1 },
				{ from: "personal", to: "work", carries: "files", maxKiB: 1 },
				{ from: "personal", to: "work", carries: "clipboard", maxKiB: 1 },
				{ from: "personal", to: "work", carries: "files", maxKiB: 2 },
			],
		} as const;
		expect((await problemsOf({ policy: policy as never })).join("\n")).toMatchInlineSnapshot(`
			"policy.networks.none: "networks.none" is reserved: it means no network; allowed: another name
			policy.networks.work.egress[1].to: "networks.work.egress[1].to" is 10.20.0.1/16, whose address is not the start of the range; did you mean "10.20.0.0/16"?
			policy.networks.work.egress[2].ports: "networks.work.egress[2].ports" means nothing to protocol any; allowed with: tcp, udp
			policy.networks.work.egress[7].to: "networks.work.egress[7].to" is 2001:db8::1/64, whose address is not the start of the range; did you mean "2001:db8::/64"?
			policy.networks.work.egress[8].to: "networks.work.egress[8].to" is 2001:db8:ffff::/33, whose address is not the start of the range; did you mean "2001:db8:8000::/33"?
			policy.networks.work.egress[9].to: "networks.work.egress[9].to" is ::ffff:10.0.0.1/112, whose address is not the start of the range; did you mean "0:0:0:0:0:ffff:a00::/112"?
			policy.channels[0].to: "channels[0].to" is "work", where it comes from; allowed: another persona
			policy.channels[3]: "channels[3]" is the same channel as "channels[1]"; allowed: each once
			policy.channels[0].from: "channels[0].from" is "work", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[0].to: "channels[0].to" is "work", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[1].from: "channels[1].from" is "personal", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[1].to: "channels[1].to" is "work", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[2].from: "channels[2].from" is "personal", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[2].to: "channels[2].to" is "work", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[3].from: "channels[3].from" is "personal", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries
			policy.channels[3].to: "channels[3].to" is "work", whose devices.agent is false; allowed: a persona with an agent, which moves what the channel carries"
		`);
	});
});

describe("rules", () => {
	it("say something", async () => {
		expect(await problemsOf({ rules: { rules: [{ persona: "work" }] } })).toEqual([
			'rules.rules[0]: "rules[0]" says nothing; allowed: requires, forbids, or both',
		]);
	});
});

describe("a board", () => {
	it("has facts that agree with each other", async () => {
		const wrong = everythingYaml
			.replace("address: 0x40200000", "address: 0x40300000")
			.replace("base: 0x09010000", "base: 0x09000800")
			.replace("minMiB: 16", "minMiB: 4096")
			.replace(
				"  model: virtio-blk\n",
				"  model: virtio-blk\n  partitions:\n    - { name: boot, offsetBytes: 0, sizeBytes: 0x1000 }\n    - { name: boot, offsetBytes: 0x800, sizeBytes: 0x1000 }\n",
			);
		const folder = folderWith({ "board.yaml": wrong });
		const { problems } = await checkFiles([path.join(folder, "board.yaml")]);
		expect(lines(problems, folder).join("\n")).toMatchInlineSnapshot(`
			"board.yaml:15:11: "ram.minMiB" is more than maxMiB; allowed: at most 3072
			board.yaml:19:12: "load.address" is 0x40300000; allowed: ram.base + load.offsetBytes, 0x40200000
			board.yaml:49:9: "rtc.base" is inside uart.base's window; allowed: from 0x9001000 on
			board.yaml:80:15: "storage.partitions[1].name" is that of partition 0 too; allowed: each name once
			board.yaml:80:34: "storage.partitions[1].offsetBytes" puts boot over boot; allowed: from 0x1000 on"
		`);
	});
});
