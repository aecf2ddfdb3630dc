// SPDX-License-Identifier: Apache-2.0
// What the build and compose stages take and give.
import type { Board, Phone, Policy } from "../manifest/index.ts";
import type { Sign } from "../signing/index.ts";
import type { Progress } from "../util/progress.ts";
import type { LockEntry, LockFile } from "./lock.ts";
import type { Sharing } from "./policy-section.ts";
import type { Store } from "./store.ts";
import type { Display } from "./surface.ts";

/** Something built: `key` is the digest of everything it was built from, `digest` that of its bytes (both `sha256:<hex>`). */
export interface Artifact {
	key: string;
	digest: string;
	/** Bytes. For a guest: of its kernel, initramfs and device tree together. */
	size: number;
	/** Where the bytes are in the store on this machine; never part of anything that is compared. */
	path: string;
}

/** What every build step is given. */
export interface BuildContext {
	store: Store;
	lock: LockFile;
	signal?: AbortSignal;
	progress: Progress;
	/** How device images are signed; undefined: those that are to be signed cannot be composed. */
	sign?: Sign;
	/** Folder of `persona.lock.yaml`. */
	projectDir: string;
	/** Other guests that will be built after this one: what of them is missing is told at once. */
	phone?: readonly GuestInputs[];
}

/** A file a prebuilt guest names: where it is, and what it must be. */
export interface PinnedFile {
	/** Relative to the persona document, or an http(s) URL. */
	path?: string;
	url?: string;
	sha256: string;
}

/** What a program of ours in a guest is built from. */
export interface ProgramInputs {
	sources: string;
	compiler: string;
	/** Missing: arm64. */
	architecture?: "armv6";
	recipe: number;
}

/** What a board's boot code is built from. */
export interface BootCodeInputs {
	sources: string;
	compiler: string;
	recipe: number;
}

/** What the kernel of ARMv6 guests is built from, beside its sources, which the lock names. */
export interface KernelBuild {
	/** Digest of the list of its options. */
	options: string;
	compiler: string;
	recipe: number;
}

/** What Buildroot builds from. */
export interface BuildrootInputs {
	/** As it calls itself. */
	version: string;
	/** Digest of its own sources. */
	source: string;
	/** The packages of the host's cross compiler, as `name=version`; none where the configuration chooses a toolchain. */
	toolchain: string[];
	/** Digest of the folder of a compiler that the configuration names; missing where it names none. */
	compiler?: string;
	/** Lines of its configuration, without what is of this machine. */
	config: string[];
	recipe: number;
}

/** What Buildroot builds a kernel from, beside its sources, which the lock names. */
export interface BuildrootKernelInputs extends BuildrootInputs {
	/** Lines of its own configuration, on top of none. */
	options: string[];
}

/** What brings a guest's volumes up, and what it is told of them. */
export interface GuestVolumes {
	list: readonly { readonly name: string; readonly mount: string | null; readonly encrypted: boolean }[];
	program: ProgramInputs;
}

/** Everything a guest image is built from, as plain JSON without absolute paths: what Pulumi shows in a preview. */
export interface GuestInputs {
	persona: string;
	board: string;
	os: string;
	builder: "buildroot" | "debian" | "prebuilt";
	base?: "busybox" | "debian";
	packages: string[];
	/** What its root filesystem is built from; missing where Buildroot does not build it. */
	buildroot?: BuildrootInputs;
	/** Path in the guest → `mode:digest`, mode in octal with its file type, digest of the contents or of a link's target. */
	overlay: Record<string, string>;
	/** What its agent is built from; missing where it has none. */
	agent?: ProgramInputs;
	/** To how much its system sets its watchdog; missing where it has none. */
	watchdogSeconds?: number;
	/** Its volumes in their order; missing where it has none. */
	volumes?: GuestVolumes;
	/** Names of the kernel modules its devices need, without what they depend on; missing where it needs none. */
	modules?: string[];
	/** What its kernel is built from; missing where Debian has one, or Buildroot builds it. */
	kernelBuild?: KernelBuild;
	/** What Buildroot builds its kernel from; missing where it does not. */
	buildrootKernel?: BuildrootKernelInputs;
	/** It has a network device; missing where it has none, or a module tells. */
	network?: true;
	/** Version of the way kernels are made ready to run in user mode; missing where they need not be. */
	patching?: number;
	kernel?: PinnedFile;
	/** The kernel is firmware, which runs from flash; missing where it is not. */
	firmware?: true;
	initramfs?: PinnedFile;
	deviceTree?: PinnedFile;
	commandLine: string;
	/** This guest's entries of the lock file, and nobody else's. */
	lock: LockEntry[];
	/** Version of the way guests are built: another number means other bytes. */
	recipe: number;
}

/** Where the files that `GuestInputs` speaks of are on this machine. */
export interface GuestSources {
	overlayDir?: string;
	/** Folder that relative paths of the document start from. */
	baseDir: string;
	/** Where the document asks for a line of Buildroot's configuration. */
	places?: Record<string, string>;
}

/** What compiles Veil. */
export type VeilBuilder = Phone["veil"]["builder"];

/** Everything Veil is built from. */
export interface HypervisorInputs {
	board: string;
	/** Digest of the names and contents of every file under `hypervisor/`, tests apart. */
	sources: string;
	/** First line of the cross compiler's `--version`; missing where Buildroot compiles it. */
	compiler?: string;
	/** What Buildroot builds it from; missing where it does not. */
	buildroot?: BuildrootInputs;
	/** Public keys (64 hexadecimal digits) whose images it accepts; missing: it accepts unsigned ones alone. */
	trustedKeys?: string[];
	recipe: number;
}

/** One persona of a device image. */
export interface DevicePersona {
	name: string;
	uuid: string;
	label: string;
	/** `#rrggbb` */
	colour: string;
	/** Key of its guest image. */
	guest: string;
	memoryMiB: number;
	cpus: number;
	cpuShare: number;
	cpuCapPercent: number;
	whenInBackground: "run" | "freeze";
	start: "atBoot" | "onDemand";
	onCrash: "restart" | "stop";
	/** Restarts allowed within the window; after that it stays crashed. */
	restartLimit: number;
	restartWindowSeconds: number;
	/** It draws on the screen while it is in the foreground. */
	display: boolean;
	/** Its volumes in their order; missing where it has none. */
	volumes?: readonly { readonly name: string; readonly sizeMiB: number }[];
	/** It gets keys and touch while it is in the foreground. */
	input: boolean;
	/** It is told to lock its screen when the user leaves it. */
	locksOnLeave: boolean;
	/** It has ports for an agent; missing where it has none. */
	agent?: boolean;
	/** It has a watchdog; missing where it has none. */
	watchdog?: boolean;
	/** The network of the policy it is on; `none`: it has no network device. */
	network: string;
}

/** A key a hotkey can have. */
export type HotkeyKey = Policy["switching"]["hotkey"][number];

/** Everything a device image is composed from. */
export interface DeviceImageInputs {
	board: string;
	/** Of the board, and so of its guests' machine. */
	architecture: Board["architecture"];
	/** Host-physical facts of the board the image is laid out for, in bytes. */
	ram: { base: number; limit: number; minimum: number; loadAddress: number };
	/** Version of the virtual machine type guests see. */
	machineVersion: number;
	/** Key of the hypervisor image. */
	hypervisor: string;
	personas: DevicePersona[];
	/** The board's screen, where a persona has a display. */
	display?: Display;
	/** Keys, pressed one after the other, that bring the next persona to the front; missing when there is none. */
	hotkey?: HotkeyKey[];
	initialForeground: string;
	/** What goes into flash with it starts it; missing where the board has no flash. */
	bootCode?: BootCodeInputs;
	/** Physical CPUs Veil starts. */
	cpus: number;
	/** `digest`: of the whole document. */
	policy: { name: string; digest: string } & Sharing;
	/** Who signs it, public parts alone; missing: nobody does. `publicKey`: 64 hexadecimal digits. */
	signing?: { publicKey: string; fingerprint: string; version: number };
	recipe: number;
}
