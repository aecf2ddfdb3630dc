// SPDX-License-Identifier: Apache-2.0
// The documents' types. Generated from schemas/ by tools/generate-types.ts: change the schemas and run it.

/**
 * One isolated profile of a phone: a guest system with its resources, storage, devices and indicator.
 *
 * With every default filled in.
 */
export interface Persona {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Persona"
	 */
	kind: "Persona";
	/**
	 * The persona's name on its phone: in commands, logs and the device image. It must be unique there.
	 *
	 * Example: "work"
	 */
	name: string;
	/**
	 * Identity to which volumes and snapshots bind. Write it down before renaming a persona that has storage.
	 *
	 * Default: derived from the names of phone and persona.
	 *
	 * Example: "6b5cf8f5-3f0c-4c3c-9d0e-0a4a9f1c2b77"
	 */
	uuid: string | null;
	/**
	 * How the user tells this persona from the others. Only Veil can draw it.
	 */
	indicator: {
		/**
		 * Short text of the indicator; unique on a phone.
		 *
		 * Example: "Work"
		 */
		label: string;
		/**
		 * Colour of the indicator as red, green and blue; unique on a phone. Needs quotes in YAML.
		 *
		 * Example: "#c0392b"
		 */
		colour: string;
	};
	/**
	 * The operating system that runs inside, and how it is built.
	 *
	 * Default: {}.
	 */
	guest: {
		/**
		 * What kind of system it is.
		 *
		 * Default: "linux".
		 *
		 * Example: "baremetal"
		 */
		os: "linux" | "android" | "wince" | "baremetal";
		/**
		 * What makes the guest image: `debian` from Debian's packages, `buildroot` from source, `prebuilt` takes files you bring.
		 *
		 * Default: "debian".
		 *
		 * Example: "prebuilt"
		 */
		builder: "debian" | "buildroot" | "prebuilt";
		/**
		 * Builder debian: `busybox` is a small root filesystem made in seconds; `debian` a full one with Debian's init.
		 *
		 * Default: "busybox".
		 *
		 * Example: "debian"
		 */
		base: "busybox" | "debian";
		/**
		 * Packages to install, in the builder's own terms. Builders debian and buildroot.
		 *
		 * Default: [].
		 *
		 * Example: ["dropbear-bin"]
		 *
		 * @maxItems 500
		 */
		packages: string[];
		/**
		 * Builder buildroot: more symbols of the configuration of Buildroot (BR2_…) and of Linux (CONFIG_…), with their values. One that it does not know or take is an error.
		 *
		 * Default: {}.
		 *
		 * Example: {"BR2_PACKAGE_DROPBEAR_SMALL":true}
		 */
		config: {
			[k: string]: boolean | number | string;
		};
		/**
		 * Folder whose files are laid over the root filesystem, relative to this document. Builders debian and buildroot.
		 *
		 * Default: no overlay.
		 *
		 * Example: "./work"
		 */
		overlay: string | null;
		/**
		 * Builder prebuilt: an arm64 Linux `Image` or a flat binary made for QEMU `virt`.
		 */
		kernel?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: UEFI firmware made for QEMU `virt`, instead of a kernel. It runs from flash, and boots from the persona's volumes.
		 */
		firmware?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: the initial filesystem of the kernel.
		 */
		initramfs?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: a device tree blob to use instead of the generated one.
		 */
		deviceTree?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Added to the kernel's command line.
		 *
		 * Default: "".
		 *
		 * Example: "quiet"
		 */
		commandLine: string;
	};
	/**
	 * Memory and processor time.
	 *
	 * Default: {}.
	 */
	resources: {
		/**
		 * RAM of the guest, in MiB.
		 *
		 * Default: 192.
		 *
		 * Example: 192
		 */
		memoryMiB: number;
		/**
		 * Virtual CPUs.
		 *
		 * Default: 1.
		 *
		 * Example: 1
		 */
		cpus: number;
		/**
		 * Weight against the other personas when they want the same CPU.
		 *
		 * Default: 100.
		 *
		 * Example: 50
		 */
		cpuShare: number;
		/**
		 * Never more than this, in percent of one physical CPU; at most 100 for each of `cpus`.
		 *
		 * Default: 100 × cpus: no cap.
		 *
		 * Example: 80
		 */
		cpuCapPercent: number;
		/**
		 * What happens while another persona is in the foreground: `run` goes on, `throttle` gets a small share, `freeze` uses no CPU.
		 *
		 * Default: "run".
		 *
		 * Example: "freeze"
		 */
		whenInBackground: "run" | "throttle" | "freeze";
	};
	/**
	 * Volumes: writable storage that outlives device images.
	 *
	 * Default: [].
	 *
	 * Example: [{"name":"data","sizeMiB":256,"mount":"/data","encrypted":true}]
	 *
	 * @maxItems 8
	 */
	storage: {
		/**
		 * The volume's name; unique in the persona.
		 *
		 * Example: "data"
		 */
		name: string;
		/**
		 * Size in MiB. It may grow later, never shrink.
		 *
		 * Example: 256
		 */
		sizeMiB: number;
		/**
		 * Where the guest mounts it; unique in the persona.
		 *
		 * Default: not mounted: the guest sees a block device.
		 *
		 * Example: "/data"
		 */
		mount: string | null;
		/**
		 * Whether the guest encrypts it (LUKS2). Its key is a secret in the stack's state, reaches the guest through its agent at each start, and is nowhere else: who loses it loses the contents.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		encrypted: boolean;
		/**
		 * What it begins with; `none` is nothing but zeros, for a guest that makes its own.
		 *
		 * Default: "ext4".
		 *
		 * Example: "none"
		 */
		fileSystem: "ext4" | "none";
		/**
		 * A folder whose files are in it at first, relative to this document. It is looked at when the volume is made, and never again.
		 *
		 * Default: nothing.
		 *
		 * Example: "./work-data"
		 */
		contents: string | null;
		/**
		 * What happens to the contents when the volume is taken out of the declaration. A Phone protects those it would keep: `pulumi state unprotect` comes before their end.
		 *
		 * Default: "keep".
		 *
		 * Example: "wipe"
		 */
		onDelete: "keep" | "wipe";
	}[];
	/**
	 * What the persona sees beside its RAM, console, clock and entropy.
	 *
	 * Default: {}.
	 */
	devices: {
		/**
		 * The screen, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		display: boolean;
		/**
		 * Keys and touch, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		input: boolean;
		/**
		 * Ports for an agent in the guest, which `persona exec`, `persona cp`, channels and the keys of encrypted volumes need. Builder debian installs the agent; docs/reference/agent.md says how another system can have one.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		agent: boolean;
		/**
		 * A network of the policy, by name; `none` is no network card.
		 *
		 * Default: "none".
		 *
		 * Example: "work"
		 */
		network: string;
		/**
		 * Sound, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		audio: boolean;
	};
	/**
	 * When the persona starts: with the phone, or when a user asks for it.
	 *
	 * Default: "atBoot".
	 *
	 * Example: "onDemand"
	 */
	start: "atBoot" | "onDemand";
	/**
	 * What happens when the guest crashes or asks for a reset.
	 *
	 * Default: "restart".
	 *
	 * Example: "stop"
	 */
	onCrash: "restart" | "stop";
	/**
	 * Restarts allowed within `restartWindowSeconds`; after that the persona stays crashed.
	 *
	 * Default: 3.
	 *
	 * Example: 3
	 */
	restartLimit: number;
	/**
	 * The time over which restarts are counted, in seconds.
	 *
	 * Default: 300.
	 *
	 * Example: 300
	 */
	restartWindowSeconds: number;
	/**
	 * The persona has a watchdog (SBSA generic watchdog): once its system has set it, the persona ends as crashed when it is not refreshed for so long, and `onCrash` says what follows. Guests of builder debian set and refresh it by themselves, to this time; others as they like.
	 *
	 * Default: no watchdog.
	 *
	 * Example: 30
	 */
	watchdogSeconds: number | null;
	/**
	 * How it is known that the persona is up.
	 *
	 * Default: {}.
	 */
	ready: {
		/**
		 * Text the guest prints on its console when it is up; null: up as soon as Veil runs it or the guest says so by hypercall.
		 *
		 * Default: "persona: READY" for builders debian and buildroot, null for prebuilt.
		 *
		 * Example: "login:"
		 */
		marker: string | null;
		/**
		 * A deployment fails when the persona is not up after this time, in seconds.
		 *
		 * Default: 60.
		 *
		 * Example: 60
		 */
		deadlineSeconds: number;
	};
}

/**
 * One isolated profile of a phone: a guest system with its resources, storage, devices and indicator.
 *
 * As it is written: keys with a default may be left out.
 */
export interface PersonaInput {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Persona"
	 */
	kind: "Persona";
	/**
	 * The persona's name on its phone: in commands, logs and the device image. It must be unique there.
	 *
	 * Example: "work"
	 */
	name: string;
	/**
	 * Identity to which volumes and snapshots bind. Write it down before renaming a persona that has storage.
	 *
	 * Default: derived from the names of phone and persona.
	 *
	 * Example: "6b5cf8f5-3f0c-4c3c-9d0e-0a4a9f1c2b77"
	 */
	uuid?: string | null;
	/**
	 * How the user tells this persona from the others. Only Veil can draw it.
	 */
	indicator: {
		/**
		 * Short text of the indicator; unique on a phone.
		 *
		 * Example: "Work"
		 */
		label: string;
		/**
		 * Colour of the indicator as red, green and blue; unique on a phone. Needs quotes in YAML.
		 *
		 * Example: "#c0392b"
		 */
		colour: string;
	};
	/**
	 * The operating system that runs inside, and how it is built.
	 *
	 * Default: {}.
	 */
	guest?: {
		/**
		 * What kind of system it is.
		 *
		 * Default: "linux".
		 *
		 * Example: "baremetal"
		 */
		os?: "linux" | "android" | "wince" | "baremetal";
		/**
		 * What makes the guest image: `debian` from Debian's packages, `buildroot` from source, `prebuilt` takes files you bring.
		 *
		 * Default: "debian".
		 *
		 * Example: "prebuilt"
		 */
		builder?: "debian" | "buildroot" | "prebuilt";
		/**
		 * Builder debian: `busybox` is a small root filesystem made in seconds; `debian` a full one with Debian's init.
		 *
		 * Default: "busybox".
		 *
		 * Example: "debian"
		 */
		base?: "busybox" | "debian";
		/**
		 * Packages to install, in the builder's own terms. Builders debian and buildroot.
		 *
		 * Default: [].
		 *
		 * Example: ["dropbear-bin"]
		 *
		 * @maxItems 500
		 */
		packages?: string[];
		/**
		 * Builder buildroot: more symbols of the configuration of Buildroot (BR2_…) and of Linux (CONFIG_…), with their values. One that it does not know or take is an error.
		 *
		 * Default: {}.
		 *
		 * Example: {"BR2_PACKAGE_DROPBEAR_SMALL":true}
		 */
		config?: {
			[k: string]: boolean | number | string;
		};
		/**
		 * Folder whose files are laid over the root filesystem, relative to this document. Builders debian and buildroot.
		 *
		 * Default: no overlay.
		 *
		 * Example: "./work"
		 */
		overlay?: string | null;
		/**
		 * Builder prebuilt: an arm64 Linux `Image` or a flat binary made for QEMU `virt`.
		 */
		kernel?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: UEFI firmware made for QEMU `virt`, instead of a kernel. It runs from flash, and boots from the persona's volumes.
		 */
		firmware?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: the initial filesystem of the kernel.
		 */
		initramfs?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Builder prebuilt: a device tree blob to use instead of the generated one.
		 */
		deviceTree?: {
			/**
			 * Path relative to this document.
			 *
			 * Example: "./probe.img"
			 */
			path?: string;
			/**
			 * Where it is downloaded from; needs `sha256`.
			 *
			 * Example: "https://downloads.example.org/probe.img"
			 */
			url?: string;
			/**
			 * SHA-256 of the file in hexadecimal. With `path` it may be left out: then the file is taken as it is.
			 *
			 * Example: "9f2cb0d8a4a3b8fdb2a6a3d9e0a7b1e5c2f4d6a8b0c1e3f5a7b9d1c3e5f70912"
			 */
			sha256?: string;
		};
		/**
		 * Added to the kernel's command line.
		 *
		 * Default: "".
		 *
		 * Example: "quiet"
		 */
		commandLine?: string;
	};
	/**
	 * Memory and processor time.
	 *
	 * Default: {}.
	 */
	resources?: {
		/**
		 * RAM of the guest, in MiB.
		 *
		 * Default: 192.
		 *
		 * Example: 192
		 */
		memoryMiB?: number;
		/**
		 * Virtual CPUs.
		 *
		 * Default: 1.
		 *
		 * Example: 1
		 */
		cpus?: number;
		/**
		 * Weight against the other personas when they want the same CPU.
		 *
		 * Default: 100.
		 *
		 * Example: 50
		 */
		cpuShare?: number;
		/**
		 * Never more than this, in percent of one physical CPU; at most 100 for each of `cpus`.
		 *
		 * Default: 100 × cpus: no cap.
		 *
		 * Example: 80
		 */
		cpuCapPercent?: number;
		/**
		 * What happens while another persona is in the foreground: `run` goes on, `throttle` gets a small share, `freeze` uses no CPU.
		 *
		 * Default: "run".
		 *
		 * Example: "freeze"
		 */
		whenInBackground?: "run" | "throttle" | "freeze";
	};
	/**
	 * Volumes: writable storage that outlives device images.
	 *
	 * Default: [].
	 *
	 * Example: [{"name":"data","sizeMiB":256,"mount":"/data","encrypted":true}]
	 *
	 * @maxItems 8
	 */
	storage?: {
		/**
		 * The volume's name; unique in the persona.
		 *
		 * Example: "data"
		 */
		name: string;
		/**
		 * Size in MiB. It may grow later, never shrink.
		 *
		 * Example: 256
		 */
		sizeMiB: number;
		/**
		 * Where the guest mounts it; unique in the persona.
		 *
		 * Default: not mounted: the guest sees a block device.
		 *
		 * Example: "/data"
		 */
		mount?: string | null;
		/**
		 * Whether the guest encrypts it (LUKS2). Its key is a secret in the stack's state, reaches the guest through its agent at each start, and is nowhere else: who loses it loses the contents.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		encrypted?: boolean;
		/**
		 * What it begins with; `none` is nothing but zeros, for a guest that makes its own.
		 *
		 * Default: "ext4".
		 *
		 * Example: "none"
		 */
		fileSystem?: "ext4" | "none";
		/**
		 * A folder whose files are in it at first, relative to this document. It is looked at when the volume is made, and never again.
		 *
		 * Default: nothing.
		 *
		 * Example: "./work-data"
		 */
		contents?: string | null;
		/**
		 * What happens to the contents when the volume is taken out of the declaration. A Phone protects those it would keep: `pulumi state unprotect` comes before their end.
		 *
		 * Default: "keep".
		 *
		 * Example: "wipe"
		 */
		onDelete?: "keep" | "wipe";
	}[];
	/**
	 * What the persona sees beside its RAM, console, clock and entropy.
	 *
	 * Default: {}.
	 */
	devices?: {
		/**
		 * The screen, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		display?: boolean;
		/**
		 * Keys and touch, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		input?: boolean;
		/**
		 * Ports for an agent in the guest, which `persona exec`, `persona cp`, channels and the keys of encrypted volumes need. Builder debian installs the agent; docs/reference/agent.md says how another system can have one.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		agent?: boolean;
		/**
		 * A network of the policy, by name; `none` is no network card.
		 *
		 * Default: "none".
		 *
		 * Example: "work"
		 */
		network?: string;
		/**
		 * Sound, while in the foreground.
		 *
		 * Default: false.
		 *
		 * Example: true
		 */
		audio?: boolean;
	};
	/**
	 * When the persona starts: with the phone, or when a user asks for it.
	 *
	 * Default: "atBoot".
	 *
	 * Example: "onDemand"
	 */
	start?: "atBoot" | "onDemand";
	/**
	 * What happens when the guest crashes or asks for a reset.
	 *
	 * Default: "restart".
	 *
	 * Example: "stop"
	 */
	onCrash?: "restart" | "stop";
	/**
	 * Restarts allowed within `restartWindowSeconds`; after that the persona stays crashed.
	 *
	 * Default: 3.
	 *
	 * Example: 3
	 */
	restartLimit?: number;
	/**
	 * The time over which restarts are counted, in seconds.
	 *
	 * Default: 300.
	 *
	 * Example: 300
	 */
	restartWindowSeconds?: number;
	/**
	 * The persona has a watchdog (SBSA generic watchdog): once its system has set it, the persona ends as crashed when it is not refreshed for so long, and `onCrash` says what follows. Guests of builder debian set and refresh it by themselves, to this time; others as they like.
	 *
	 * Default: no watchdog.
	 *
	 * Example: 30
	 */
	watchdogSeconds?: number | null;
	/**
	 * How it is known that the persona is up.
	 *
	 * Default: {}.
	 */
	ready?: {
		/**
		 * Text the guest prints on its console when it is up; null: up as soon as Veil runs it or the guest says so by hypercall.
		 *
		 * Default: "persona: READY" for builders debian and buildroot, null for prebuilt.
		 *
		 * Example: "login:"
		 */
		marker?: string | null;
		/**
		 * A deployment fails when the persona is not up after this time, in seconds.
		 *
		 * Default: 60.
		 *
		 * Example: 60
		 */
		deadlineSeconds?: number;
	};
}

/**
 * What the personas of a phone may share and reach: nothing unless it is listed here.
 *
 * With every default filled in.
 */
export interface Policy {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Policy"
	 */
	kind: "Policy";
	/**
	 * The policy's name, for people.
	 *
	 * Example: "corporate"
	 */
	name: string;
	/**
	 * Networks by name. A persona names one in `devices.network`; nothing leaves it but what `egress` lists.
	 *
	 * Default: {}.
	 *
	 * Example: {"work":{"egress":[{"to":"10.20.0.0/16","protocol":"tcp","ports":[443]}]}}
	 */
	networks: {
		[k: string]: {
			/**
			 * What may leave, one entry a destination.
			 *
			 * Default: nothing leaves.
			 *
			 * Example: [{"to":"10.20.0.0/16","protocol":"tcp","ports":[443]}]
			 *
			 * @maxItems 256
			 */
			egress: {
				/**
				 * Destination as an IPv4 or IPv6 range in CIDR notation.
				 *
				 * Example: "10.20.0.0/16"
				 */
				to: string;
				/**
				 * Which protocol.
				 *
				 * Default: "any".
				 *
				 * Example: "tcp"
				 */
				protocol: "any" | "tcp" | "udp" | "icmp";
				/**
				 * Destination ports; only with protocol tcp or udp.
				 *
				 * Default: every port.
				 *
				 * Example: [443]
				 *
				 * @maxItems 64
				 */
				ports: number[];
			}[];
		};
	};
	/**
	 * One-directional, rate-limited paths between two personas that have agents; at most 23 with one persona.
	 *
	 * Default: [].
	 *
	 * Example: [{"from":"personal","to":"work","carries":"clipboard","maxKiB":64}]
	 *
	 * @maxItems 64
	 */
	channels: {
		/**
		 * The persona that sends, by name.
		 *
		 * Example: "personal"
		 */
		from: string;
		/**
		 * The persona that receives, by name.
		 *
		 * Example: "work"
		 */
		to: string;
		/**
		 * What it carries.
		 *
		 * Example: "clipboard"
		 */
		carries: "clipboard" | "files" | "notifications";
		/**
		 * Largest single transfer, in KiB.
		 *
		 * Example: 64
		 */
		maxKiB: number;
		/**
		 * Transfers allowed in a minute.
		 *
		 * Default: 30.
		 *
		 * Example: 30
		 */
		maxPerMinute: number;
	}[];
	/**
	 * Where `persona exec` and `persona cp` may go: to every persona with an agent, but for those named here.
	 *
	 * Default: {}.
	 */
	ownerAccess: {
		/**
		 * Personas whose agent does nothing for the owner. Keys of volumes still reach it.
		 *
		 * Default: none.
		 *
		 * Example: ["work"]
		 *
		 * @maxItems 8
		 */
		off: string[];
	};
	/**
	 * How the user moves between personas.
	 *
	 * Default: {}.
	 */
	switching: {
		/**
		 * Keys, pressed one after the other, that only Veil sees and that switch the foreground.
		 *
		 * Default: no hotkey.
		 *
		 * Example: ["power","power"]
		 *
		 * @maxItems 4
		 */
		hotkey: ("power" | "home" | "back" | "menu" | "volumeUp" | "volumeDown")[];
		/**
		 * Personas that are locked when the user leaves them.
		 *
		 * Default: [].
		 *
		 * Example: ["work"]
		 *
		 * @maxItems 8
		 */
		lockOnLeave: string[];
	};
}

/**
 * What the personas of a phone may share and reach: nothing unless it is listed here.
 *
 * As it is written: keys with a default may be left out.
 */
export interface PolicyInput {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Policy"
	 */
	kind: "Policy";
	/**
	 * The policy's name, for people.
	 *
	 * Example: "corporate"
	 */
	name: string;
	/**
	 * Networks by name. A persona names one in `devices.network`; nothing leaves it but what `egress` lists.
	 *
	 * Default: {}.
	 *
	 * Example: {"work":{"egress":[{"to":"10.20.0.0/16","protocol":"tcp","ports":[443]}]}}
	 */
	networks?: {
		[k: string]: {
			/**
			 * What may leave, one entry a destination.
			 *
			 * Default: nothing leaves.
			 *
			 * Example: [{"to":"10.20.0.0/16","protocol":"tcp","ports":[443]}]
			 *
			 * @maxItems 256
			 */
			egress?: {
				/**
				 * Destination as an IPv4 or IPv6 range in CIDR notation.
				 *
				 * Example: "10.20.0.0/16"
				 */
				to: string;
				/**
				 * Which protocol.
				 *
				 * Default: "any".
				 *
				 * Example: "tcp"
				 */
				protocol?: "any" | "tcp" | "udp" | "icmp";
				/**
				 * Destination ports; only with protocol tcp or udp.
				 *
				 * Default: every port.
				 *
				 * Example: [443]
				 *
				 * @maxItems 64
				 */
				ports?: number[];
			}[];
		};
	};
	/**
	 * One-directional, rate-limited paths between two personas that have agents; at most 23 with one persona.
	 *
	 * Default: [].
	 *
	 * Example: [{"from":"personal","to":"work","carries":"clipboard","maxKiB":64}]
	 *
	 * @maxItems 64
	 */
	channels?: {
		/**
		 * The persona that sends, by name.
		 *
		 * Example: "personal"
		 */
		from: string;
		/**
		 * The persona that receives, by name.
		 *
		 * Example: "work"
		 */
		to: string;
		/**
		 * What it carries.
		 *
		 * Example: "clipboard"
		 */
		carries: "clipboard" | "files" | "notifications";
		/**
		 * Largest single transfer, in KiB.
		 *
		 * Example: 64
		 */
		maxKiB: number;
		/**
		 * Transfers allowed in a minute.
		 *
		 * Default: 30.
		 *
		 * Example: 30
		 */
		maxPerMinute?: number;
	}[];
	/**
	 * Where `persona exec` and `persona cp` may go: to every persona with an agent, but for those named here.
	 *
	 * Default: {}.
	 */
	ownerAccess?: {
		/**
		 * Personas whose agent does nothing for the owner. Keys of volumes still reach it.
		 *
		 * Default: none.
		 *
		 * Example: ["work"]
		 *
		 * @maxItems 8
		 */
		off?: string[];
	};
	/**
	 * How the user moves between personas.
	 *
	 * Default: {}.
	 */
	switching?: {
		/**
		 * Keys, pressed one after the other, that only Veil sees and that switch the foreground.
		 *
		 * Default: no hotkey.
		 *
		 * Example: ["power","power"]
		 *
		 * @maxItems 4
		 */
		hotkey?: ("power" | "home" | "back" | "menu" | "volumeUp" | "volumeDown")[];
		/**
		 * Personas that are locked when the user leaves them.
		 *
		 * Default: [].
		 *
		 * Example: ["work"]
		 *
		 * @maxItems 8
		 */
		lockOnLeave?: string[];
	};
}

/**
 * What must hold for the personas of a phone whatever persona and policy documents say. A file of its own, so that another owner must approve a weaker rule.
 *
 * With every default filled in.
 */
export interface Rules {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Rules"
	 */
	kind: "Rules";
	/**
	 * The rules; all of them must hold. `check` and `pulumi preview` fail when one is broken.
	 *
	 * Example: [{"persona":"work","requires":["storage.encrypted"],"forbids":["channels.outbound"]}]
	 *
	 * @maxItems 256
	 */
	rules: {
		/**
		 * The persona it is about, by name; `*` is every persona.
		 *
		 * Example: "work"
		 */
		persona: string;
		/**
		 * What the persona must have. `storage.encrypted` holds when every volume is encrypted; `network.restricted` when no network lets it reach everything.
		 *
		 * Default: [].
		 *
		 * Example: ["storage.encrypted"]
		 *
		 * Items: Something a persona can have.
		 */
		requires: (
			| "storage"
			| "storage.encrypted"
			| "channels"
			| "channels.inbound"
			| "channels.outbound"
			| "network"
			| "network.restricted"
			| "devices.display"
			| "devices.input"
			| "devices.audio"
			| "switching.lockOnLeave"
			| "resources.cpuCap"
			| "start.atBoot"
		)[];
		/**
		 * What the persona must not have. `storage.encrypted` is broken by any encrypted volume.
		 *
		 * Default: [].
		 *
		 * Example: ["channels.outbound"]
		 *
		 * Items: Something a persona can have.
		 */
		forbids: (
			| "storage"
			| "storage.encrypted"
			| "channels"
			| "channels.inbound"
			| "channels.outbound"
			| "network"
			| "network.restricted"
			| "devices.display"
			| "devices.input"
			| "devices.audio"
			| "switching.lockOnLeave"
			| "resources.cpuCap"
			| "start.atBoot"
		)[];
	}[];
}

/**
 * What must hold for the personas of a phone whatever persona and policy documents say. A file of its own, so that another owner must approve a weaker rule.
 *
 * As it is written: keys with a default may be left out.
 */
export interface RulesInput {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Rules"
	 */
	kind: "Rules";
	/**
	 * The rules; all of them must hold. `check` and `pulumi preview` fail when one is broken.
	 *
	 * Example: [{"persona":"work","requires":["storage.encrypted"],"forbids":["channels.outbound"]}]
	 *
	 * @maxItems 256
	 */
	rules: {
		/**
		 * The persona it is about, by name; `*` is every persona.
		 *
		 * Example: "work"
		 */
		persona: string;
		/**
		 * What the persona must have. `storage.encrypted` holds when every volume is encrypted; `network.restricted` when no network lets it reach everything.
		 *
		 * Default: [].
		 *
		 * Example: ["storage.encrypted"]
		 *
		 * Items: Something a persona can have.
		 */
		requires?: (
			| "storage"
			| "storage.encrypted"
			| "channels"
			| "channels.inbound"
			| "channels.outbound"
			| "network"
			| "network.restricted"
			| "devices.display"
			| "devices.input"
			| "devices.audio"
			| "switching.lockOnLeave"
			| "resources.cpuCap"
			| "start.atBoot"
		)[];
		/**
		 * What the persona must not have. `storage.encrypted` is broken by any encrypted volume.
		 *
		 * Default: [].
		 *
		 * Example: ["channels.outbound"]
		 *
		 * Items: Something a persona can have.
		 */
		forbids?: (
			| "storage"
			| "storage.encrypted"
			| "channels"
			| "channels.inbound"
			| "channels.outbound"
			| "network"
			| "network.restricted"
			| "devices.display"
			| "devices.input"
			| "devices.audio"
			| "switching.lockOnLeave"
			| "resources.cpuCap"
			| "start.atBoot"
		)[];
	}[];
}

/**
 * A phone: a board, its personas and their policy. What the Phone component takes.
 *
 * With every default filled in.
 */
export interface Phone {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Phone"
	 */
	kind: "Phone";
	/**
	 * The phone's name.
	 *
	 * Example: "pocket"
	 */
	name: string;
	/**
	 * The kind of phone: a folder's name in `boards/`.
	 *
	 * Example: "qemu-virt"
	 */
	board: string;
	/**
	 * Persona documents, relative to this one, in the order of the device image.
	 *
	 * Example: ["../personas/work.yaml","../personas/personal.yaml"]
	 *
	 * @minItems 1
	 * @maxItems 256
	 */
	personas: string[];
	/**
	 * The Policy document, relative to this one.
	 *
	 * Default: nothing is shared, nothing leaves.
	 *
	 * Example: "../personas/policy.yaml"
	 */
	policy: string | null;
	/**
	 * The Rules document, relative to this one.
	 *
	 * Default: no rules.
	 *
	 * Example: "../personas/rules.yaml"
	 */
	rules: string | null;
	/**
	 * The persona in the foreground after the phone has started, by name.
	 *
	 * Default: the first persona.
	 *
	 * Example: "personal"
	 */
	initialForeground: string;
	/**
	 * Who signs its images, and whose images Veil accepts. Without it images are for development: unsigned, and marked so on the indicator strip.
	 *
	 * Default: images are not signed.
	 */
	signing: {
		/**
		 * The public key (PEM) of who signs, relative to this document. `persona key new` makes one.
		 *
		 * Example: "../keys/release.pub.pem"
		 */
		key: string;
		/**
		 * Public keys whose images are accepted besides: the next one, while keys are rotated.
		 *
		 * Default: [].
		 *
		 * Example: ["../keys/next.pub.pem"]
		 *
		 * @maxItems 3
		 */
		alsoTrusted: string[];
		/**
		 * Number of this release. A handset whose personas were READY with it accepts none with a lower one.
		 *
		 * Example: 3
		 */
		version: number;
	} | null;
	/**
	 * How Veil, the hypervisor, is built.
	 *
	 * Default: {}.
	 */
	veil: {
		/**
		 * What compiles it: `debian` this machine's cross compiler, `buildroot` a package of ours in a run of Buildroot.
		 *
		 * Default: "debian".
		 *
		 * Example: "buildroot"
		 */
		builder: "debian" | "buildroot";
	};
	/**
	 * The handset it is deployed to.
	 *
	 * Default: {}.
	 */
	target: {
		/**
		 * How the image gets on a handset: `qemu` starts an emulated one, `usb` flashes a real one.
		 *
		 * Default: "qemu".
		 *
		 * Example: "qemu"
		 */
		via: "qemu" | "usb";
		/**
		 * Physical CPUs of an emulated handset.
		 *
		 * Default: 2.
		 *
		 * Example: 2
		 */
		cpus: number;
		/**
		 * The one tablet that may be flashed; only with `via: usb`.
		 *
		 * Default: none: nothing is flashed.
		 */
		usb: {
			/**
			 * Its USB serial number while it waits to be flashed. Serial, port or both are given, and checked.
			 *
			 * Default: not looked at; then port is given.
			 *
			 * Example: "4d554c5449"
			 */
			serial: string;
			/**
			 * The USB port it is plugged into, as Linux names it.
			 *
			 * Default: not looked at; then serial is given.
			 *
			 * Example: "1-1.2"
			 */
			port: string;
			/**
			 * A complete FIASCO image to go back to, relative to this document: the maker's, or one dumped on the tablet with `0xFFFF -E`.
			 *
			 * Example: "../backup/n800.fiasco"
			 */
			backup: string;
			/**
			 * You have seen to it that its battery is charged: its boot loader cannot be asked.
			 *
			 * Default: false.
			 *
			 * Example: true
			 */
			charged: boolean;
		} | null;
	};
}

/**
 * A phone: a board, its personas and their policy. What the Phone component takes.
 *
 * As it is written: keys with a default may be left out.
 */
export interface PhoneInput {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Phone"
	 */
	kind: "Phone";
	/**
	 * The phone's name.
	 *
	 * Example: "pocket"
	 */
	name: string;
	/**
	 * The kind of phone: a folder's name in `boards/`.
	 *
	 * Example: "qemu-virt"
	 */
	board: string;
	/**
	 * Persona documents, relative to this one, in the order of the device image.
	 *
	 * Example: ["../personas/work.yaml","../personas/personal.yaml"]
	 *
	 * @minItems 1
	 * @maxItems 256
	 */
	personas: string[];
	/**
	 * The Policy document, relative to this one.
	 *
	 * Default: nothing is shared, nothing leaves.
	 *
	 * Example: "../personas/policy.yaml"
	 */
	policy?: string | null;
	/**
	 * The Rules document, relative to this one.
	 *
	 * Default: no rules.
	 *
	 * Example: "../personas/rules.yaml"
	 */
	rules?: string | null;
	/**
	 * The persona in the foreground after the phone has started, by name.
	 *
	 * Default: the first persona.
	 *
	 * Example: "personal"
	 */
	initialForeground?: string;
	/**
	 * Who signs its images, and whose images Veil accepts. Without it images are for development: unsigned, and marked so on the indicator strip.
	 *
	 * Default: images are not signed.
	 */
	signing?: {
		/**
		 * The public key (PEM) of who signs, relative to this document. `persona key new` makes one.
		 *
		 * Example: "../keys/release.pub.pem"
		 */
		key: string;
		/**
		 * Public keys whose images are accepted besides: the next one, while keys are rotated.
		 *
		 * Default: [].
		 *
		 * Example: ["../keys/next.pub.pem"]
		 *
		 * @maxItems 3
		 */
		alsoTrusted?: string[];
		/**
		 * Number of this release. A handset whose personas were READY with it accepts none with a lower one.
		 *
		 * Example: 3
		 */
		version: number;
	} | null;
	/**
	 * How Veil, the hypervisor, is built.
	 *
	 * Default: {}.
	 */
	veil?: {
		/**
		 * What compiles it: `debian` this machine's cross compiler, `buildroot` a package of ours in a run of Buildroot.
		 *
		 * Default: "debian".
		 *
		 * Example: "buildroot"
		 */
		builder?: "debian" | "buildroot";
	};
	/**
	 * The handset it is deployed to.
	 *
	 * Default: {}.
	 */
	target?: {
		/**
		 * How the image gets on a handset: `qemu` starts an emulated one, `usb` flashes a real one.
		 *
		 * Default: "qemu".
		 *
		 * Example: "qemu"
		 */
		via?: "qemu" | "usb";
		/**
		 * Physical CPUs of an emulated handset.
		 *
		 * Default: 2.
		 *
		 * Example: 2
		 */
		cpus?: number;
		/**
		 * The one tablet that may be flashed; only with `via: usb`.
		 *
		 * Default: none: nothing is flashed.
		 */
		usb?: {
			/**
			 * Its USB serial number while it waits to be flashed. Serial, port or both are given, and checked.
			 *
			 * Default: not looked at; then port is given.
			 *
			 * Example: "4d554c5449"
			 */
			serial?: string;
			/**
			 * The USB port it is plugged into, as Linux names it.
			 *
			 * Default: not looked at; then serial is given.
			 *
			 * Example: "1-1.2"
			 */
			port?: string;
			/**
			 * A complete FIASCO image to go back to, relative to this document: the maker's, or one dumped on the tablet with `0xFFFF -E`.
			 *
			 * Example: "../backup/n800.fiasco"
			 */
			backup: string;
			/**
			 * You have seen to it that its battery is charged: its boot loader cannot be asked.
			 *
			 * Default: false.
			 *
			 * Example: true
			 */
			charged?: boolean;
		} | null;
	};
}

/**
 * Facts about a kind of phone, each with its source, and what is supported on it today. Veil's board header is generated from it.
 *
 * With every default filled in.
 */
export interface Board {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Board"
	 */
	kind: "Board";
	/**
	 * The board's name, that of its folder.
	 *
	 * Example: "qemu-virt"
	 */
	name: string;
	/**
	 * What the board is, for people.
	 *
	 * Example: "QEMU's virtual arm64 machine"
	 */
	title: string;
	/**
	 * The CPU architecture; it decides which port of Veil runs and which guests can.
	 *
	 * Example: "arm64"
	 */
	architecture: "arm64" | "armv6";
	/**
	 * The processor.
	 */
	cpu: {
		/**
		 * Its model, as QEMU names it.
		 *
		 * Example: "cortex-a57"
		 */
		model: string;
		/**
		 * How many CPUs there can be.
		 *
		 * Example: 8
		 */
		maxCount: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Main memory.
	 */
	ram: {
		/**
		 * Physical address where it starts.
		 *
		 * Example: 1073741824
		 */
		base: number;
		/**
		 * Smallest size, in MiB.
		 *
		 * Example: 64
		 */
		minMiB: number;
		/**
		 * Largest size that Veil uses, in MiB.
		 *
		 * Example: 3072
		 */
		maxMiB: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How a device image gets into memory.
	 */
	load: {
		/**
		 * Physical address of the image's first byte.
		 *
		 * Example: 1075838976
		 */
		address: number;
		/**
		 * The same from the start of RAM, in bytes.
		 *
		 * Example: 2097152
		 */
		offsetBytes: number;
		/**
		 * What the loader promises at the first instruction.
		 *
		 * Example: "EL2, MMU and caches off"
		 */
		entry: string;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The interrupt controller.
	 */
	interruptController: {
		/**
		 * Its kind.
		 *
		 * Example: "gicv3"
		 */
		model: "gicv2" | "gicv3" | "omap-intc";
		/**
		 * Physical address of the distributor (or of the whole controller).
		 *
		 * Example: 134217728
		 */
		distributorBase: number;
		/**
		 * Size of the distributor's window, in bytes.
		 *
		 * Example: 65536
		 */
		distributorBytes: number;
		/**
		 * GICv3: physical address of the first redistributor.
		 *
		 * Example: 134873088
		 */
		redistributorBase?: number;
		/**
		 * GICv3: bytes from one CPU's redistributor to the next.
		 *
		 * Example: 131072
		 */
		redistributorStrideBytes?: number;
		/**
		 * Virtual interrupts the hardware keeps for a guest at once.
		 *
		 * Example: 4
		 */
		listRegisters?: number;
		/**
		 * Priority bits the hardware implements.
		 *
		 * Example: 5
		 */
		priorityBits?: number;
		/**
		 * Raised when list registers need a refill. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 25
		 */
		maintenanceInterrupt?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Timers.
	 */
	timers: {
		/**
		 * Their kind.
		 *
		 * Example: "arm-architected"
		 */
		model: "arm-architected" | "omap-gptimer";
		/**
		 * Physical address of the hypervisor's own timer, where it has registers in memory.
		 *
		 * Example: 1208123392
		 */
		base?: number;
		/**
		 * Physical address of the counter all time is read from, where it has registers in memory.
		 *
		 * Example: 1207975936
		 */
		counterBase?: number;
		/**
		 * The hypervisor's own timer. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 26
		 */
		hypervisorInterrupt: number;
		/**
		 * The guest's virtual timer. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 27
		 */
		virtualInterrupt?: number;
		/**
		 * The physical timer, which guests do not get. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 30
		 */
		physicalInterrupt?: number;
		/**
		 * Counter frequency, in Hz.
		 *
		 * Example: 62500000
		 */
		frequencyHz: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The serial line that carries Veil's mux.
	 */
	uart: {
		/**
		 * Its kind.
		 *
		 * Example: "pl011"
		 */
		model: "pl011" | "omap-uart";
		/**
		 * Physical address.
		 *
		 * Example: 150994944
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 4096
		 */
		bytes: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 33
		 */
		interrupt: number;
		/**
		 * Its input clock, in Hz.
		 *
		 * Example: 24000000
		 */
		clockHz: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The clock that keeps the date.
	 */
	rtc?: {
		/**
		 * Its kind.
		 *
		 * Example: "pl031"
		 */
		model: "pl031";
		/**
		 * Physical address.
		 *
		 * Example: 151060480
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 4096
		 */
		bytes: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 34
		 */
		interrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * QEMU's firmware configuration device.
	 */
	fwCfg?: {
		/**
		 * Physical address.
		 *
		 * Example: 151126016
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 24
		 */
		bytes: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Physical virtio-mmio transports.
	 */
	virtio?: {
		/**
		 * Physical address of the first.
		 *
		 * Example: 167772160
		 */
		base: number;
		/**
		 * Bytes from one to the next.
		 *
		 * Example: 512
		 */
		strideBytes: number;
		/**
		 * How many.
		 *
		 * Example: 32
		 */
		count: number;
		/**
		 * Interrupt of the first; the others follow. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 48
		 */
		firstInterrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How Veil asks the firmware to start CPUs and to power off.
	 */
	psci?: {
		/**
		 * The instruction that reaches the firmware.
		 *
		 * Example: "smc"
		 */
		conduit: "smc" | "hvc";
		/**
		 * Its version.
		 *
		 * Example: "1.0"
		 */
		version: string;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The chip that switches the phone off and must hear that its software is alive.
	 */
	powerChip?: {
		/**
		 * Its kind.
		 *
		 * Example: "retu"
		 */
		model: "retu";
		/**
		 * Physical address of what its bus hangs on.
		 *
		 * Example: 1208074240
		 */
		busBase: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The screen.
	 */
	display?: {
		/**
		 * How it is driven.
		 *
		 * Example: "ramfb"
		 */
		model: "ramfb" | "omap-dispc-blizzard";
		/**
		 * Width, in pixels.
		 *
		 * Example: 800
		 */
		widthPixels: number;
		/**
		 * Height, in pixels.
		 *
		 * Example: 480
		 */
		heightPixels: number;
		/**
		 * The format of a pixel in memory, as DRM calls it; both are little-endian words.
		 *
		 * Example: "xrgb8888"
		 */
		pixelFormat: "xrgb8888" | "rgb565";
		/**
		 * Physical address of its controller's registers.
		 *
		 * Example: 1208287232
		 */
		base?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Keys and touch.
	 */
	input?: {
		/**
		 * How they are driven.
		 *
		 * Default: [].
		 *
		 * Example: ["virtio-keyboard"]
		 */
		models: ("virtio-keyboard" | "virtio-tablet" | "tsc2301")[];
		/**
		 * Physical address of the bus controller it is behind.
		 *
		 * Example: 1208582144
		 */
		busBase?: number;
		/**
		 * Physical address of the GPIO module that has its interrupt.
		 *
		 * Example: 1208082432
		 */
		interruptBase?: number;
		/**
		 * The interrupt of that module. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 32
		 */
		interrupt?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Where volumes and images are kept.
	 */
	storage?: {
		/**
		 * How it is driven.
		 *
		 * Example: "virtio-blk"
		 */
		model: "virtio-blk" | "onenand" | "sd";
		/**
		 * Physical address of its registers.
		 *
		 * Example: 67108864
		 */
		base?: number;
		/**
		 * Fixed partitions, in the order of their offsets. One named `veil` is Veil's own: there it remembers its runs.
		 *
		 * Default: [].
		 *
		 * Example: [{"name":"kernel","offsetBytes":393216,"sizeBytes":2097152}]
		 *
		 * @maxItems 32
		 */
		partitions: {
			/**
			 * The partition's name; unique on the board.
			 *
			 * Example: "kernel"
			 */
			name: string;
			/**
			 * Where it starts, in bytes.
			 *
			 * Example: 393216
			 */
			offsetBytes: number;
			/**
			 * Its size, in bytes.
			 *
			 * Example: 2097152
			 */
			sizeBytes: number;
		}[];
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The memory card slot.
	 */
	card?: {
		/**
		 * How it is driven.
		 *
		 * Example: "omap-mmc"
		 */
		model: "omap-mmc";
		/**
		 * Physical address of its registers.
		 *
		 * Example: 1208598528
		 */
		base: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 83
		 */
		interrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How a device image gets on a real one.
	 */
	flashing?: {
		/**
		 * What its flasher takes.
		 *
		 * Example: "fiasco"
		 */
		format: "fiasco";
		/**
		 * Product code, which an image names and the device tells.
		 *
		 * Example: "RX-34"
		 */
		product: string;
		/**
		 * Hardware revisions it may be flashed on.
		 *
		 * Example: ["801","1602"]
		 *
		 * @minItems 1
		 * @maxItems 16
		 */
		hardwareRevisions: string[];
		/**
		 * Its USB vendor id while it waits to be flashed.
		 *
		 * Example: 1057
		 */
		usbVendor: number;
		/**
		 * Its USB product id then.
		 *
		 * Example: 261
		 */
		usbProduct: number;
		/**
		 * Somebody has flashed a real one with pulumi-persona, and it started. Where nobody has, every preview of a phone that is to be flashed says so.
		 *
		 * Default: false.
		 *
		 * Example: false
		 */
		provenOnHardware: boolean;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * What Veil's formats allow on this board.
	 */
	limits: {
		/**
		 * Personas on one phone.
		 *
		 * Example: 8
		 */
		personas: number;
		/**
		 * Virtual CPUs of one persona.
		 *
		 * Example: 8
		 */
		virtualCpus: number;
		/**
		 * RAM set aside when a declaration is checked, in MiB: Veil, its tables, and kernels and initial filesystems kept for restarts. The composer then checks the exact figure.
		 *
		 * Example: 96
		 */
		reservedMiB: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * What works on this board today. Whatever a document asks for beyond it is refused as "not supported yet".
	 *
	 * Default: {}.
	 */
	supports: {
		/**
		 * Ways to get an image on a handset.
		 *
		 * Default: [].
		 *
		 * Example: ["qemu"]
		 */
		targets: ("qemu" | "usb")[];
		/**
		 * Kinds of guests (`guest.os`).
		 *
		 * Default: [].
		 *
		 * Example: ["linux"]
		 */
		systems: ("linux" | "android" | "wince" | "baremetal")[];
		/**
		 * Builders (`guest.builder`).
		 *
		 * Default: [].
		 *
		 * Example: ["debian"]
		 */
		builders: ("debian" | "buildroot" | "prebuilt")[];
		/**
		 * Devices a persona can have.
		 *
		 * Default: [].
		 *
		 * Example: ["display"]
		 */
		devices: ("display" | "input" | "audio" | "network" | "agent")[];
		/**
		 * Kinds of volumes.
		 *
		 * Default: [].
		 *
		 * Example: ["plain"]
		 */
		storage: ("plain" | "encrypted")[];
		/**
		 * What channels can carry.
		 *
		 * Default: [].
		 *
		 * Example: ["clipboard"]
		 */
		channels: ("clipboard" | "files" | "notifications")[];
		/**
		 * What `whenInBackground` can be.
		 *
		 * Default: [].
		 *
		 * Example: ["run"]
		 */
		background: ("run" | "throttle" | "freeze")[];
		/**
		 * Ways of switching beside the command.
		 *
		 * Default: [].
		 *
		 * Example: ["hotkey"]
		 */
		switching: ("hotkey" | "lockOnLeave")[];
	};
}

/**
 * Facts about a kind of phone, each with its source, and what is supported on it today. Veil's board header is generated from it.
 *
 * As it is written: keys with a default may be left out.
 */
export interface BoardInput {
	/**
	 * Version of this document's format; see docs/formats.md.
	 *
	 * Example: 1
	 */
	version: 1;
	/**
	 * What the document is.
	 *
	 * Example: "Board"
	 */
	kind: "Board";
	/**
	 * The board's name, that of its folder.
	 *
	 * Example: "qemu-virt"
	 */
	name: string;
	/**
	 * What the board is, for people.
	 *
	 * Example: "QEMU's virtual arm64 machine"
	 */
	title: string;
	/**
	 * The CPU architecture; it decides which port of Veil runs and which guests can.
	 *
	 * Example: "arm64"
	 */
	architecture: "arm64" | "armv6";
	/**
	 * The processor.
	 */
	cpu: {
		/**
		 * Its model, as QEMU names it.
		 *
		 * Example: "cortex-a57"
		 */
		model: string;
		/**
		 * How many CPUs there can be.
		 *
		 * Example: 8
		 */
		maxCount: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Main memory.
	 */
	ram: {
		/**
		 * Physical address where it starts.
		 *
		 * Example: 1073741824
		 */
		base: number;
		/**
		 * Smallest size, in MiB.
		 *
		 * Example: 64
		 */
		minMiB: number;
		/**
		 * Largest size that Veil uses, in MiB.
		 *
		 * Example: 3072
		 */
		maxMiB: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How a device image gets into memory.
	 */
	load: {
		/**
		 * Physical address of the image's first byte.
		 *
		 * Example: 1075838976
		 */
		address: number;
		/**
		 * The same from the start of RAM, in bytes.
		 *
		 * Example: 2097152
		 */
		offsetBytes: number;
		/**
		 * What the loader promises at the first instruction.
		 *
		 * Example: "EL2, MMU and caches off"
		 */
		entry: string;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The interrupt controller.
	 */
	interruptController: {
		/**
		 * Its kind.
		 *
		 * Example: "gicv3"
		 */
		model: "gicv2" | "gicv3" | "omap-intc";
		/**
		 * Physical address of the distributor (or of the whole controller).
		 *
		 * Example: 134217728
		 */
		distributorBase: number;
		/**
		 * Size of the distributor's window, in bytes.
		 *
		 * Example: 65536
		 */
		distributorBytes: number;
		/**
		 * GICv3: physical address of the first redistributor.
		 *
		 * Example: 134873088
		 */
		redistributorBase?: number;
		/**
		 * GICv3: bytes from one CPU's redistributor to the next.
		 *
		 * Example: 131072
		 */
		redistributorStrideBytes?: number;
		/**
		 * Virtual interrupts the hardware keeps for a guest at once.
		 *
		 * Example: 4
		 */
		listRegisters?: number;
		/**
		 * Priority bits the hardware implements.
		 *
		 * Example: 5
		 */
		priorityBits?: number;
		/**
		 * Raised when list registers need a refill. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 25
		 */
		maintenanceInterrupt?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Timers.
	 */
	timers: {
		/**
		 * Their kind.
		 *
		 * Example: "arm-architected"
		 */
		model: "arm-architected" | "omap-gptimer";
		/**
		 * Physical address of the hypervisor's own timer, where it has registers in memory.
		 *
		 * Example: 1208123392
		 */
		base?: number;
		/**
		 * Physical address of the counter all time is read from, where it has registers in memory.
		 *
		 * Example: 1207975936
		 */
		counterBase?: number;
		/**
		 * The hypervisor's own timer. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 26
		 */
		hypervisorInterrupt: number;
		/**
		 * The guest's virtual timer. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 27
		 */
		virtualInterrupt?: number;
		/**
		 * The physical timer, which guests do not get. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 30
		 */
		physicalInterrupt?: number;
		/**
		 * Counter frequency, in Hz.
		 *
		 * Example: 62500000
		 */
		frequencyHz: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The serial line that carries Veil's mux.
	 */
	uart: {
		/**
		 * Its kind.
		 *
		 * Example: "pl011"
		 */
		model: "pl011" | "omap-uart";
		/**
		 * Physical address.
		 *
		 * Example: 150994944
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 4096
		 */
		bytes: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 33
		 */
		interrupt: number;
		/**
		 * Its input clock, in Hz.
		 *
		 * Example: 24000000
		 */
		clockHz: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The clock that keeps the date.
	 */
	rtc?: {
		/**
		 * Its kind.
		 *
		 * Example: "pl031"
		 */
		model: "pl031";
		/**
		 * Physical address.
		 *
		 * Example: 151060480
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 4096
		 */
		bytes: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 34
		 */
		interrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * QEMU's firmware configuration device.
	 */
	fwCfg?: {
		/**
		 * Physical address.
		 *
		 * Example: 151126016
		 */
		base: number;
		/**
		 * Size of its window, in bytes.
		 *
		 * Example: 24
		 */
		bytes: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Physical virtio-mmio transports.
	 */
	virtio?: {
		/**
		 * Physical address of the first.
		 *
		 * Example: 167772160
		 */
		base: number;
		/**
		 * Bytes from one to the next.
		 *
		 * Example: 512
		 */
		strideBytes: number;
		/**
		 * How many.
		 *
		 * Example: 32
		 */
		count: number;
		/**
		 * Interrupt of the first; the others follow. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 48
		 */
		firstInterrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How Veil asks the firmware to start CPUs and to power off.
	 */
	psci?: {
		/**
		 * The instruction that reaches the firmware.
		 *
		 * Example: "smc"
		 */
		conduit: "smc" | "hvc";
		/**
		 * Its version.
		 *
		 * Example: "1.0"
		 */
		version: string;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The chip that switches the phone off and must hear that its software is alive.
	 */
	powerChip?: {
		/**
		 * Its kind.
		 *
		 * Example: "retu"
		 */
		model: "retu";
		/**
		 * Physical address of what its bus hangs on.
		 *
		 * Example: 1208074240
		 */
		busBase: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The screen.
	 */
	display?: {
		/**
		 * How it is driven.
		 *
		 * Example: "ramfb"
		 */
		model: "ramfb" | "omap-dispc-blizzard";
		/**
		 * Width, in pixels.
		 *
		 * Example: 800
		 */
		widthPixels: number;
		/**
		 * Height, in pixels.
		 *
		 * Example: 480
		 */
		heightPixels: number;
		/**
		 * The format of a pixel in memory, as DRM calls it; both are little-endian words.
		 *
		 * Example: "xrgb8888"
		 */
		pixelFormat: "xrgb8888" | "rgb565";
		/**
		 * Physical address of its controller's registers.
		 *
		 * Example: 1208287232
		 */
		base?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Keys and touch.
	 */
	input?: {
		/**
		 * How they are driven.
		 *
		 * Default: [].
		 *
		 * Example: ["virtio-keyboard"]
		 */
		models: ("virtio-keyboard" | "virtio-tablet" | "tsc2301")[];
		/**
		 * Physical address of the bus controller it is behind.
		 *
		 * Example: 1208582144
		 */
		busBase?: number;
		/**
		 * Physical address of the GPIO module that has its interrupt.
		 *
		 * Example: 1208082432
		 */
		interruptBase?: number;
		/**
		 * The interrupt of that module. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 32
		 */
		interrupt?: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * Where volumes and images are kept.
	 */
	storage?: {
		/**
		 * How it is driven.
		 *
		 * Example: "virtio-blk"
		 */
		model: "virtio-blk" | "onenand" | "sd";
		/**
		 * Physical address of its registers.
		 *
		 * Example: 67108864
		 */
		base?: number;
		/**
		 * Fixed partitions, in the order of their offsets. One named `veil` is Veil's own: there it remembers its runs.
		 *
		 * Default: [].
		 *
		 * Example: [{"name":"kernel","offsetBytes":393216,"sizeBytes":2097152}]
		 *
		 * @maxItems 32
		 */
		partitions?: {
			/**
			 * The partition's name; unique on the board.
			 *
			 * Example: "kernel"
			 */
			name: string;
			/**
			 * Where it starts, in bytes.
			 *
			 * Example: 393216
			 */
			offsetBytes: number;
			/**
			 * Its size, in bytes.
			 *
			 * Example: 2097152
			 */
			sizeBytes: number;
		}[];
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * The memory card slot.
	 */
	card?: {
		/**
		 * How it is driven.
		 *
		 * Example: "omap-mmc"
		 */
		model: "omap-mmc";
		/**
		 * Physical address of its registers.
		 *
		 * Example: 1208598528
		 */
		base: number;
		/**
		 * Its interrupt. With a GIC an INTID: 16 to 31 are private to a CPU, from 32 on shared.
		 *
		 * Example: 83
		 */
		interrupt: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * How a device image gets on a real one.
	 */
	flashing?: {
		/**
		 * What its flasher takes.
		 *
		 * Example: "fiasco"
		 */
		format: "fiasco";
		/**
		 * Product code, which an image names and the device tells.
		 *
		 * Example: "RX-34"
		 */
		product: string;
		/**
		 * Hardware revisions it may be flashed on.
		 *
		 * Example: ["801","1602"]
		 *
		 * @minItems 1
		 * @maxItems 16
		 */
		hardwareRevisions: string[];
		/**
		 * Its USB vendor id while it waits to be flashed.
		 *
		 * Example: 1057
		 */
		usbVendor: number;
		/**
		 * Its USB product id then.
		 *
		 * Example: 261
		 */
		usbProduct: number;
		/**
		 * Somebody has flashed a real one with pulumi-persona, and it started. Where nobody has, every preview of a phone that is to be flashed says so.
		 *
		 * Default: false.
		 *
		 * Example: false
		 */
		provenOnHardware?: boolean;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * What Veil's formats allow on this board.
	 */
	limits: {
		/**
		 * Personas on one phone.
		 *
		 * Example: 8
		 */
		personas: number;
		/**
		 * Virtual CPUs of one persona.
		 *
		 * Example: 8
		 */
		virtualCpus: number;
		/**
		 * RAM set aside when a declaration is checked, in MiB: Veil, its tables, and kernels and initial filesystems kept for restarts. The composer then checks the exact figure.
		 *
		 * Example: 96
		 */
		reservedMiB: number;
		/**
		 * Where the facts of this section come from.
		 *
		 * Example: "QEMU 7.2 hw/arm/virt.c, base_memmap"
		 */
		source: string;
	};
	/**
	 * What works on this board today. Whatever a document asks for beyond it is refused as "not supported yet".
	 *
	 * Default: {}.
	 */
	supports: {
		/**
		 * Ways to get an image on a handset.
		 *
		 * Default: [].
		 *
		 * Example: ["qemu"]
		 */
		targets?: ("qemu" | "usb")[];
		/**
		 * Kinds of guests (`guest.os`).
		 *
		 * Default: [].
		 *
		 * Example: ["linux"]
		 */
		systems?: ("linux" | "android" | "wince" | "baremetal")[];
		/**
		 * Builders (`guest.builder`).
		 *
		 * Default: [].
		 *
		 * Example: ["debian"]
		 */
		builders?: ("debian" | "buildroot" | "prebuilt")[];
		/**
		 * Devices a persona can have.
		 *
		 * Default: [].
		 *
		 * Example: ["display"]
		 */
		devices?: ("display" | "input" | "audio" | "network" | "agent")[];
		/**
		 * Kinds of volumes.
		 *
		 * Default: [].
		 *
		 * Example: ["plain"]
		 */
		storage?: ("plain" | "encrypted")[];
		/**
		 * What channels can carry.
		 *
		 * Default: [].
		 *
		 * Example: ["clipboard"]
		 */
		channels?: ("clipboard" | "files" | "notifications")[];
		/**
		 * What `whenInBackground` can be.
		 *
		 * Default: [].
		 *
		 * Example: ["run"]
		 */
		background?: ("run" | "throttle" | "freeze")[];
		/**
		 * Ways of switching beside the command.
		 *
		 * Default: [].
		 *
		 * Example: ["hotkey"]
		 */
		switching?: ("hotkey" | "lockOnLeave")[];
	};
}
