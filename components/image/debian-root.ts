// SPDX-License-Identifier: Apache-2.0
// `base: debian`: a full root filesystem by mmdebstrap, from packages already fetched and verified, without root and network.
import { createReadStream } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256, sha256File } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import { ProcessError, run } from "../util/process.ts";
import type { Progress } from "../util/progress.ts";
import type { RootOptions } from "./busybox.ts";
import { addFile, addLink, addTar, type FileTree } from "./file-tree.ts";
import { runForeign } from "./foreign.ts";
import { MODULE_LIST } from "./kernel-modules.ts";
import { DEBIAN_SUITE, type LockEntry } from "./lock.ts";
import { plainDeb } from "./plain-deb.ts";
import type { Blob, Store } from "./store.ts";

/** Another number means other bytes from the same packages. */
const RECIPE = 1;

/** No file in the tree is younger: the day Debian 12 came out. */
const EPOCH = 1686355200;

const READY_UNIT = `[Unit]
Description=Tell that this persona is up
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/bin/echo persona: READY
StandardOutput=tty
TTYPath=/dev/console

[Install]
WantedBy=multi-user.target
`;

const GETTY = `[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud - 115200,38400,9600 $TERM
`;

// A persona with a display has a shell there too.
const SCREEN_GETTY = `[Unit]
ConditionPathExists=/dev/fb0

[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear - $TERM
`;

// Before anything looks for the devices: no udev is needed to find what is declared.
const MODULES_UNIT = `[Unit]
Description=Load the modules of this persona's devices
DefaultDependencies=no
Before=sysinit.target local-fs-pre.target systemd-udevd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'while read -r module; do /sbin/insmod "$module"; done </${MODULE_LIST}'
`;

// Early, since what mounts volumes may wait for their keys; and till the end, since the owner may want to see it.
const AGENT_UNIT = `[Unit]
Description=Serve the owner and the channels of this persona
DefaultDependencies=no
After=persona-modules.service
Before=sysinit.target

[Service]
ExecStart=/usr/sbin/persona-agent
Restart=always
`;

const NETWORK = `[Match]
Driver=virtio_net

[Network]
DHCP=ipv4

[DHCPv4]
ClientIdentifier=mac
`;

// The usual login on a serial line waits for udev to announce it, and there need not be one; this kernel has no automounts.
const MASKED = ["serial-getty@ttyAMA0.service", "proc-sys-fs-binfmt_misc.automount"];

/** The tree of a full Debian system with these packages (dependencies included), and the few files that make it a persona. */
export async function debianTree(
	entries: readonly LockEntry[],
	fetch: (entry: LockEntry) => Promise<Blob>,
	{ hostname, hasModules, hasAgent, hasNetwork, watchdogSeconds }: RootOptions,
	{ store, signal, progress }: { store: Store; signal?: AbortSignal | undefined; progress: Progress },
): Promise<FileTree> {
	const archive = await rootArchive(entries, fetch, store, progress, signal);
	const tree: FileTree = new Map();
	await addTar(tree, createReadStream(archive.path, signal === undefined ? {} : { signal }), () => true);
	addLink(tree, "init", "sbin/init");
	addFile(tree, "etc/hostname", `${hostname}\n`);
	// Empty, not missing: each boot takes an identity of its own, and none is a "first boot" with its extra work.
	addFile(tree, "etc/machine-id", "");
	addFile(tree, "etc/systemd/system/persona-ready.service", READY_UNIT);
	addLink(tree, "etc/systemd/system/multi-user.target.wants/persona-ready.service", "../persona-ready.service");
	addFile(tree, "etc/systemd/system/console-getty.service.d/persona.conf", GETTY);
	addLink(tree, "etc/systemd/system/getty.target.wants/console-getty.service", "/lib/systemd/system/console-getty.service");
	addFile(tree, "etc/systemd/system/getty@tty1.service.d/persona.conf", SCREEN_GETTY);
	addLink(tree, "etc/systemd/system/getty.target.wants/getty@tty1.service", "/lib/systemd/system/getty@.service");
	if (hasModules) {
		addFile(tree, "etc/systemd/system/persona-modules.service", MODULES_UNIT);
		addLink(tree, "etc/systemd/system/sysinit.target.wants/persona-modules.service", "../persona-modules.service");
	}
	if (hasAgent) {
		addFile(tree, "etc/systemd/system/persona-agent.service", AGENT_UNIT);
		addLink(tree, "etc/systemd/system/sysinit.target.wants/persona-agent.service", "../persona-agent.service");
	}
	if (hasNetwork) {
		addFile(tree, "etc/systemd/network/50-persona.network", NETWORK);
		addLink(
			tree,
			"etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
			"/lib/systemd/system/systemd-networkd.service",
		);
	}
	if (watchdogSeconds !== undefined)
		addFile(tree, "etc/systemd/system.conf.d/persona-watchdog.conf", `[Manager]\nRuntimeWatchdogSec=${watchdogSeconds}\n`);
	for (const unit of MASKED) addLink(tree, `etc/systemd/system/${unit}`, "/dev/null");
	return tree;
}

/** What a root filesystem of these packages is remembered under. */
export function debianRootKey(entries: readonly LockEntry[]): string {
	return sha256(
		canonicalJson({ kind: "debian-root", recipe: RECIPE, packages: entries.map(({ name, sha256: digest }) => [name, digest]) }),
	);
}

async function rootArchive(
	entries: readonly LockEntry[],
	fetch: (entry: LockEntry) => Promise<Blob>,
	store: Store,
	progress: Progress,
	signal?: AbortSignal,
): Promise<Blob> {
	const key = debianRootKey(entries);
	return store.exclusively(key, { signal, progress }, async () => {
		const known = await store.getKeyed(key);
		const stored = typeof known === "string" ? await store.get(known, signal) : undefined;
		if (stored !== undefined) return stored;
		const scratch = await store.scratch();
		try {
			progress(`installing ${entries.length} Debian packages; this takes a few minutes, once`);
			const repository = join(scratch, "packages");
			await makeRepository(repository, entries, fetch, signal);
			const output = join(scratch, "root.tar");
			await bootstrap(repository, output, scratch, entries, progress, signal);
			const blob = await store.put(createReadStream(output), signal);
			await store.putKeyed(key, blob.digest);
			return blob;
		} finally {
			await rm(scratch, { recursive: true, force: true });
		}
	});
}

/** A folder that apt takes as an archive: the packages, their index and the suite's name. */
async function makeRepository(
	folder: string,
	entries: readonly LockEntry[],
	fetch: (entry: LockEntry) => Promise<Blob>,
	signal?: AbortSignal,
): Promise<void> {
	await mkdir(folder);
	const stanzas: string[] = [];
	for (const entry of entries) {
		const { path } = await fetch(entry);
		const name = `${entry.name}.deb`;
		const plain = join(folder, name);
		await plainDeb(path, plain, signal);
		const { stdout } = await run("dpkg-deb", ["--field", path], { signal });
		const digest = (await sha256File(plain)).slice("sha256:".length);
		stanzas.push(`${stdout.trimEnd()}\nFilename: ./${name}\nSize: ${(await stat(plain)).size}\nSHA256: ${digest}\n`);
	}
	const index = stanzas.join("\n");
	await writeFile(join(folder, "Packages"), index, { mode: 0o644 });
	const release = `Suite: ${DEBIAN_SUITE}\nCodename: ${DEBIAN_SUITE}\nArchitectures: arm64\nSHA256:\n ${sha256(index).slice(7)} ${Buffer.byteLength(index)} Packages\n`;
	await writeFile(join(folder, "Release"), release, { mode: 0o644 });
}

/** A folder as sources.list(5) names an archive: a blank would end the name there, and apt decodes the path. */
export function archiveUri(folder: string): string {
	return `copy:${folder.split("/").map(encodeURIComponent).join("/")}`;
}

async function bootstrap(
	repository: string,
	output: string,
	scratch: string,
	entries: readonly LockEntry[],
	progress: Progress,
	signal?: AbortSignal,
): Promise<void> {
	const args = [
		"--architectures=arm64",
		"--variant=essential",
		"--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
		`--include=${entries.map(({ name }) => name).join(",")}`,
		// The result counts only when all went well, so no file needs to reach the disk before.
		"--dpkgopt=force-unsafe-io",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		// It names the folder the packages came from, another one each time.
		'--customize-hook=rm "$1/etc/apt/sources.list"',
		"--format=tar",
		DEBIAN_SUITE,
		output,
		// Verified against the lock when it was fetched.
		`deb [trusted=yes] ${archiveUri(repository)} ./`,
	];
	const env = {
		PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`,
		HOME: scratch,
		TMPDIR: scratch,
		TZ: "UTC",
		LC_ALL: "C.UTF-8",
		SOURCE_DATE_EPOCH: String(EPOCH),
	};
	try {
		await runForeign("mmdebstrap", args, { env, signal, onLine: (line) => /^I: /.test(line) && progress(line.slice(3)) });
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		const tail = error.stderr
			.split("\n")
			.filter((line) => /^(E|dpkg): /.test(line))
			.slice(-3)
			.join("; ");
		throw new UserError(`mmdebstrap could not make the root filesystem: ${tail || error.message}`, {
			remedy: "`persona doctor` checks what base: debian needs",
			cause: error,
		});
	}
}
