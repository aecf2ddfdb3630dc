// SPDX-License-Identifier: Apache-2.0
// What a guest image is built from, as plain JSON, and the key that follows from it.
import { isAbsolute, join, relative, resolve } from "node:path";
import { type Board, documentFolder, type GuestFile, type Loaded, type Persona } from "../manifest/index.ts";
import { canonicalJson, sha256, sha256File } from "../util/digest.ts";
import { errorCode, UserError } from "../util/errors.ts";
import { agentInputs } from "./agent.ts";
import { buildrootGuestInputs, linePlaces } from "./buildroot/inputs.ts";
import { guestVolumes } from "./guest-volumes.ts";
import { deviceModules } from "./kernel-modules.ts";
import { kernelBuild } from "./linux-armv6.ts";
import { type GuestRequest, type LockFile, lockedEntries } from "./lock.ts";
import { overlayDigests } from "./overlay.ts";
import { PATCH_RECIPE } from "./patch-arm.ts";
import type { GuestInputs, GuestSources, PinnedFile } from "./types.ts";

/** Version of the way guests are built; change it with every change of the bytes that come out of the same inputs. */
const RECIPE = 2;

// `panic=-1`: a kernel that panics asks for a reset at once, so that Veil sees it and does what `onCrash` says; `reboot=panic_warm`: and for
// a warm one (PSCI SYSTEM_RESET2, where it is offered), so that it differs from a reboot, since Debian's kernel has no pvpanic driver.
// `cma=0`: Debian's kernel sets 64 MiB aside for devices a persona does not have. A full system takes a ramfs as root, which may fill all
// RAM while a tmpfs takes half.
const DEBIAN_COMMAND_LINE = {
	busybox: "console=ttyAMA0 panic=-1 reboot=panic_warm cma=0",
	debian: "console=ttyAMA0 panic=-1 reboot=panic_warm cma=0 rootfstype=ramfs",
};
// Our own kernels tell a panic by pvpanic. The N800 has nothing random to fill the seed with, so it must not be taken for random.
const OWN_KERNEL_COMMAND_LINE = {
	arm64: "console=ttyAMA0 panic=-1",
	armv6: "console=ttyAMA0 panic=-1 random.trust_bootloader=off",
};

/**
 * Reads everything a persona's guest is built from; no path in it is absolute, nothing depends on this machine.
 *
 * @throws UserError when the lock has no entries for its packages, or a file is missing or not what the document says
 */
export async function guestInputs(persona: Loaded<Persona>, board: Board, lock: LockFile): Promise<GuestInputs> {
	const { document, file } = persona;
	const { guest } = document;
	const isArmv6 = board.architecture === "armv6";
	const patching = isArmv6 ? { patching: PATCH_RECIPE } : {};
	const common = { persona: document.name, board: board.name, os: guest.os, recipe: RECIPE, ...patching };
	if (guest.builder === "prebuilt") {
		const pin = (pinned: GuestFile | undefined, key: string) =>
			pinned === undefined ? undefined : pinnedFile(pinned, documentFolder(persona), `${file}: guest.${key}`);
		const firmware = await pin(guest.firmware, "firmware");
		const kernel = firmware ?? (await pin(guest.kernel, "kernel"));
		const initramfs = await pin(guest.initramfs, "initramfs");
		const deviceTree = await pin(guest.deviceTree, "deviceTree");
		if (kernel === undefined)
			throw new UserError("guest.kernel is missing: builder prebuilt takes a kernel you bring", { where: file });
		return {
			...common,
			builder: "prebuilt",
			packages: [],
			overlay: {},
			kernel,
			...(firmware === undefined ? {} : { firmware: true as const }),
			...(initramfs === undefined ? {} : { initramfs }),
			...(deviceTree === undefined ? {} : { deviceTree }),
			commandLine: guest.commandLine,
			lock: [],
		};
	}
	if (isArmv6 && guest.base === "debian") {
		throw new UserError(`base debian is not supported by board ${board.name}: a full system does not fit`, {
			where: file,
			remedy: "set guest.base to busybox",
		});
	}
	const overlay = overlayFolder(persona);
	const isBuildroot = guest.builder === "buildroot";
	// A kernel of our own has everything built in.
	const hasOwnKernel = isArmv6 || isBuildroot;
	const modules = hasOwnKernel ? [] : deviceModules(document);
	const volumes = await guestVolumes(document, board.architecture);
	return {
		...common,
		...(isBuildroot
			? { builder: "buildroot", ...(await buildrootGuestInputs(persona, board, lock)) }
			: { builder: "debian", base: guest.base }),
		packages: [...new Set(guest.packages)].sort(),
		overlay: overlay === undefined ? {} : await overlayDigests(overlay),
		...(modules.length === 0 ? {} : { modules }),
		...(isArmv6 && !isBuildroot ? { kernelBuild: await kernelBuild() } : {}),
		...(hasOwnKernel && document.devices.network !== "none" ? { network: true as const } : {}),
		...(document.devices.agent ? { agent: await agentInputs(board.architecture) } : {}),
		...(document.watchdogSeconds === null ? {} : { watchdogSeconds: document.watchdogSeconds }),
		...(volumes === undefined ? {} : { volumes }),
		commandLine: [hasOwnKernel ? OWN_KERNEL_COMMAND_LINE[board.architecture] : DEBIAN_COMMAND_LINE[guest.base], guest.commandLine]
			.filter((part) => part !== "")
			.join(" "),
		lock: lockedEntries(lock, guestRequest(document, board), file),
	};
}

/** What a persona's guest asks Debian for, on a board. */
export function guestRequest({ guest }: Pick<Persona, "guest">, { architecture }: Pick<Board, "architecture">): GuestRequest {
	const of = architecture === "armv6" ? { architecture: "armel" as const } : {};
	return guest.builder === "buildroot"
		? { ...of, base: "kernel", packages: [] }
		: { ...of, base: guest.base, packages: guest.packages };
}

/** Where the files of a persona's guest are on this machine. */
export function guestSources(persona: Loaded<Persona>): GuestSources {
	const overlayDir = overlayFolder(persona);
	return {
		baseDir: documentFolder(persona),
		...(overlayDir === undefined ? {} : { overlayDir }),
		...(persona.document.guest.builder === "buildroot" ? { places: linePlaces(persona) } : {}),
	};
}

/** The key of a guest: of what it is built from, not of where that lies. */
export function guestKey(inputs: GuestInputs): string {
	const { kernel, initramfs, deviceTree, lock, ...rest } = inputs;
	const digestOf = (file: PinnedFile | undefined) => file?.sha256;
	return sha256(
		canonicalJson({
			kind: "guest",
			...rest,
			kernel: digestOf(kernel),
			initramfs: digestOf(initramfs),
			deviceTree: digestOf(deviceTree),
			lock: lock.map(({ name, sha256: digest }) => [name, digest]),
		}),
	);
}

function overlayFolder({ document, file }: Loaded<Persona>): string | undefined {
	const { overlay } = document.guest;
	return overlay === null ? undefined : resolve(join(file, ".."), overlay);
}

async function pinnedFile(pinned: GuestFile, folder: string, where: string): Promise<PinnedFile> {
	if (pinned.url !== undefined) {
		if (pinned.sha256 === undefined) throw new UserError("a file from a URL needs sha256", { where });
		return { url: pinned.url, sha256: pinned.sha256 };
	}
	if (pinned.path === undefined) throw new UserError("needs path or url", { where });
	const path = resolve(folder, pinned.path);
	let found: string;
	try {
		found = (await sha256File(path)).slice("sha256:".length);
	} catch (error) {
		if (errorCode(error) === "ENOENT") throw new UserError(`no such file: ${pinned.path}`, { where, cause: error });
		throw error;
	}
	if (pinned.sha256 !== undefined && pinned.sha256 !== found) {
		throw new UserError(`${pinned.path} has sha256 ${found}, the document says ${pinned.sha256}`, {
			where,
			remedy: "bring the right file, or correct sha256 in the document",
		});
	}
	// An absolute path would differ from machine to machine.
	return { path: isAbsolute(pinned.path) ? relative(folder, path) : pinned.path, sha256: found };
}
