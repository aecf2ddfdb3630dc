// SPDX-License-Identifier: Apache-2.0
// What account tests share: a phone of two personas as the store remembers it, and the packages of one.
import type { AccountedPackage } from "../../components/account/index.ts";
import type { Composition, DevicePersona, GuestInputs, LockEntry } from "../../components/image/index.ts";
import { sha256 } from "../../components/util/digest.ts";

export function lockEntry(name: string, version: string, changes: Partial<LockEntry> = {}): LockEntry {
	const file = `pool/main/${name}_${version}_arm64.deb`;
	return { name, version, architecture: "arm64", archive: "debian", file, size: 1000, sha256: sha256(name).slice(7), ...changes };
}

export function guestOf(persona: string, changes: Partial<GuestInputs> = {}): GuestInputs {
	return {
		persona,
		board: "qemu-virt",
		os: "linux",
		builder: "debian",
		base: "busybox",
		packages: [],
		overlay: { "etc/motd": `100644:${sha256(persona)}`, "etc/link": `120777:${sha256("motd")}` },
		agent: { sources: sha256("agent"), compiler: "gcc 12", recipe: 1 },
		commandLine: "quiet",
		lock: [lockEntry("linux-image-6.1", "6.1.192-2"), lockEntry("busybox-static", "1:1.35.0-4+b1")],
		recipe: 2,
		...changes,
	};
}

export function devicePersona(name: string): DevicePersona {
	return {
		name,
		uuid: "00000000-0000-8000-8000-000000000000",
		label: name.toUpperCase(),
		colour: "#112233",
		guest: sha256(`guest ${name}`),
		memoryMiB: 64,
		cpus: 1,
		cpuShare: 100,
		cpuCapPercent: 100,
		whenInBackground: "run",
		start: "atBoot",
		onCrash: "restart",
		restartLimit: 3,
		restartWindowSeconds: 60,
		display: false,
		input: false,
		locksOnLeave: false,
		network: "none",
	};
}

/** A phone with a persona Debian's builder made, and one that was brought as it is. */
export function composition(changes: Partial<Composition> = {}): Composition {
	const part = (name: string) => ({ digest: sha256(name), size: 1000 });
	const brought = {
		builder: "prebuilt" as const,
		lock: [],
		overlay: {},
		kernel: { path: "./probe.img", sha256: sha256("probe").slice(7) },
	};
	return {
		version: 1,
		key: sha256("key"),
		digest: sha256("image"),
		size: 4096,
		inputs: {
			board: "qemu-virt",
			architecture: "arm64",
			ram: { base: 0x40000000, limit: 2 ** 31, minimum: 0, loadAddress: 0x40200000 },
			machineVersion: 1,
			hypervisor: sha256("hypervisor"),
			personas: [devicePersona("work"), devicePersona("probe")],
			initialForeground: "work",
			cpus: 1,
			policy: { name: "apart", digest: sha256("policy"), networks: {}, ownerAccess: { off: [] }, channels: [] },
			recipe: 2,
		},
		hypervisor: {
			key: sha256("hypervisor"),
			digest: sha256("veil.bin"),
			inputs: { board: "qemu-virt", sources: sha256("sources"), compiler: "gcc 12", recipe: 1 },
		},
		guests: {
			work: {
				key: sha256("guest work"),
				digest: sha256("record of work"),
				inputs: guestOf("work"),
				record: {
					kind: "guest",
					kernel: { ...part("kernel"), format: "flat" },
					initramfs: { ...part("initramfs"), copies: 3 },
					commandLine: "quiet",
				},
			},
			probe: {
				key: sha256("guest probe"),
				digest: sha256("record of probe"),
				inputs: guestOf("probe", brought),
				record: { kind: "guest", kernel: { ...part("probe"), format: "flat" }, commandLine: "" },
			},
		},
		...changes,
	};
}

export function accountedPackage(name: string, changes: Partial<AccountedPackage> = {}): AccountedPackage {
	return {
		name,
		version: "1.0-1",
		purl: `pkg:deb/debian/${name}@1.0-1?arch=arm64&distro=bookworm`,
		sha256: sha256(name).slice(7),
		licences: [{ id: "MIT" }],
		licenceTexts: ["text"],
		dependsOn: [],
		contains: [],
		isKernel: false,
		...changes,
	};
}
