// SPDX-License-Identifier: Apache-2.0
// `base: busybox`: a root filesystem of busybox-static, the files of the packages asked for and a few of our own, made in seconds.
// Packages' own installation scripts are not run; whoever needs them takes `base: debian`.
import { addDevice, addFile, addFolder, addLink, addTar, type FileTree } from "./file-tree.ts";
import { MOUNT_VOLUMES } from "./guest-volumes.ts";
import { MODULE_LIST } from "./kernel-modules.ts";
import { streamCommand } from "./stream-command.ts";

// Busybox's init has run before this; the applets get their names here, without replacing what packages and overlay brought.
const start = (devices: string) => `#!/bin/busybox sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t tmpfs -o mode=755 tmpfs /run
/bin/busybox mkdir -p /dev/pts /dev/shm
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox --install -s 2>/dev/null
hostname -F /etc/hostname
${devices}# A persona with a display has a shell there too.
${SHELL_ON_SCREEN}if [ -x /etc/rc.local ]; then /etc/rc.local; fi
echo 'persona: READY' >/dev/console
`;

const DHCP_SCRIPT = "/etc/udhcpc/default.script";

const LOAD_MODULES = `while read -r module; do insmod "$module"; done </${MODULE_LIST}
`;

const START_AGENT = `persona-agent &
`;

// Comes back with an address, or goes on asking in the background.
const askForAddress = (script: string) => `ip link set lo up
ip link set eth0 up && udhcpc -i eth0 -b -S -t 2 -T 1 -s ${script} >/dev/null 2>&1
`;

// What busybox's DHCP client calls with what the network says.
const ON_ADDRESS = `#!/bin/sh
case $1 in
deconfig) ip addr flush dev $interface scope global ;;
bound | renew)
	ip addr replace $ip/\${mask:-24} dev $interface
	for gateway in $router; do ip route replace default via $gateway dev $interface && break; done
	: >/etc/resolv.conf
	for server in $dns; do echo nameserver $server >>/etc/resolv.conf; done
	;;
esac
`;

// Its refreshes come from a process of its own: what hangs so badly that no process runs is what a watchdog is for.
const startWatchdog = (seconds: number) => `watchdog -T ${seconds} -t ${Math.max(1, Math.floor(seconds / 3))} /dev/watchdog
`;

const INITTAB = `# What busybox's init runs: the start script, then a shell on the console.
::sysinit:/etc/init.d/rcS
ttyAMA0::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
`;

const PROFILE = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export PS1='\\h:\\w# '
cd
[ -f /etc/motd ] && cat /etc/motd
`;

/** What of a package's files a small root filesystem leaves out; the licences stay. */
function kept(path: string): boolean {
	if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) return true;
	// glibc knows UTF-8 without its tables of old encodings, which are larger than all the rest of it.
	return !/^usr\/(share\/(doc|man|info|locale|lintian|bug|doc-base)|lib\/aarch64-linux-gnu\/gconv)\/./.test(path);
}

/** What a root filesystem is told of its persona. */
export interface RootOptions {
	hostname: string;
	/** It has the modules that {@link MODULE_LIST} names, and loads them at its start. */
	hasModules: boolean;
	/** It has the agent, and starts it as soon as its port can be there. */
	hasAgent: boolean;
	/** It has a network device, and asks for an address at its start. */
	hasNetwork: boolean;
	/** It sets its watchdog to so much, and refreshes it; undefined: it has none. */
	watchdogSeconds?: number | undefined;
	/** It has volumes, and brings them up at its start. */
	hasVolumes?: boolean;
}

/** What a start script does for a persona's devices. `dhcpScript` is what the DHCP client calls. */
export function startDevices(options: RootOptions, dhcpScript: string): string {
	const { hasModules, hasAgent, hasNetwork, hasVolumes = false, watchdogSeconds } = options;
	return [
		hasModules ? LOAD_MODULES : "",
		hasAgent ? START_AGENT : "",
		hasVolumes ? `/${MOUNT_VOLUMES}\n` : "",
		hasNetwork ? askForAddress(dhcpScript) : "",
		watchdogSeconds === undefined ? "" : startWatchdog(watchdogSeconds),
	].join("");
}

/** A persona with a display has a shell there too. */
export const SHELL_ON_SCREEN = `if [ -e /dev/fb0 ]; then echo 'tty1::respawn:-/bin/sh' >>/etc/inittab; kill -HUP 1; fi
`;

/** The tree of packages' files, given as paths of `.deb` files in the order they are laid over each other. */
export async function busyboxTree(
	packages: readonly string[],
	{ hostname, hasModules, hasAgent, hasNetwork, hasVolumes = false, watchdogSeconds }: RootOptions,
	signal?: AbortSignal,
): Promise<FileTree> {
	const tree: FileTree = new Map();
	for (const path of packages) await addTar(tree, streamCommand("dpkg-deb", ["--fsys-tarfile", path], signal), kept);
	for (const folder of [
		"bin",
		"sbin",
		"usr/bin",
		"usr/sbin",
		"dev",
		"proc",
		"sys",
		"run",
		"root",
		"etc/init.d",
		"var/log",
		"mnt",
	]) {
		if (!tree.has(folder)) addFolder(tree, folder);
	}
	addFolder(tree, "tmp", 0o1777);
	addDevice(tree, "dev/console", 5, 1);
	addLink(tree, "init", "bin/busybox");
	addLink(tree, "bin/sh", "busybox");
	const devices = startDevices({ hostname, hasModules, hasAgent, hasNetwork, hasVolumes, watchdogSeconds }, DHCP_SCRIPT);
	addFile(tree, "etc/init.d/rcS", start(devices), 0o755);
	if (hasNetwork) addFile(tree, DHCP_SCRIPT.slice(1), ON_ADDRESS, 0o755);
	addFile(tree, "etc/inittab", INITTAB);
	addFile(tree, "etc/profile", PROFILE);
	addFile(tree, "etc/hostname", `${hostname}\n`);
	addFile(tree, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	addFile(tree, "etc/group", "root:x:0:\n");
	return tree;
}
