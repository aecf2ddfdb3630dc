// SPDX-License-Identifier: Apache-2.0
// Finds the one tablet that may be flashed: by what the kernel says of USB, and by what its boot loader says of itself through 0xFFFF.
import { access, constants, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../util/errors.ts";
import { printableLine } from "../util/printable.ts";
import { flasher } from "./flasher.ts";

/** A boot loader that is there answers within a second. */
const ANSWER_MS = 20_000;

/** Where Linux lists USB devices (Documentation/ABI/testing/sysfs-bus-usb). Where sysfs is, SYSFS_PATH says, as for libsysfs. */
function deviceFolder(): string {
	const { SYSFS_PATH = "" } = process.env;
	return join(SYSFS_PATH === "" ? "/sys" : SYSFS_PATH, "bus", "usb", "devices");
}

/** What the Handset declares of its tablet. Both are checked where both are given; one is needed. */
export interface UsbIdentity {
	/** USB serial number while it waits to be flashed. */
	readonly serial?: string;
	/** The port it is plugged into, as Linux names it, for instance `1-1.2`. */
	readonly port?: string;
}

/** Facts of the board, from its document's section `flashing`. */
export interface UsbKind {
	readonly product: string;
	readonly hardwareRevisions: readonly string[];
	readonly usbVendor: number;
	readonly usbProduct: number;
}

/** Is it one tablet, for all that is known? Serial numbers count first; a tablet without one is where it is. */
export function isSameTablet(one: UsbIdentity, other: UsbIdentity): boolean {
	for (const fact of ["serial", "port"] as const) {
		const [a = "", b = ""] = [one[fact], other[fact]];
		if (a !== "" && b !== "") return a === b;
	}
	return false;
}

/** What a tablet's boot loader says of it. */
export interface IdentifiedTablet {
	readonly port: string;
	readonly serial: string;
	readonly revision: string;
	/** The release that was written to it last. Undefined where it says nothing. */
	readonly softwareVersion: string | undefined;
	/** Version of the kernel that its boot loader has flashed. Undefined where it says nothing. */
	readonly kernelVersion: string | undefined;
}

/**
 * The tablet with the declared identity, which waits to be flashed.
 *
 * @throws UserError when there is none, another one, more than one, or its kind is not the board's: 0xFFFF takes the first it finds
 */
export async function identifyTablet(kind: UsbKind, identity: UsbIdentity, signal?: AbortSignal): Promise<IdentifiedTablet> {
	if (identity.serial === undefined && identity.port === undefined)
		throw new UserError("the Handset declares no USB identity", { remedy: "declare target.usb.serial, or target.usb.port" });
	const relatives = (await usbDevices()).filter(({ vendor }) => vendor === kind.usbVendor);
	const waiting = relatives.filter(({ product }) => product === kind.usbProduct);
	const [found, ...others] = waiting;
	if (found === undefined) {
		throw new UserError("no tablet waits to be flashed", {
			remedy: "switch it off, plug in the cable, and hold its home key while you switch it on, until the USB sign shows",
		});
	}
	if (others.length > 0) {
		const ports = waiting.map(({ port }) => port).join(", ");
		throw new UserError(`${waiting.length} tablets wait to be flashed (ports ${ports})`, {
			remedy: "unplug all but the one that is declared",
		});
	}
	const stranger = relatives.find(({ product }) => product !== kind.usbProduct);
	if (stranger !== undefined) {
		throw new UserError(`another device of the same maker is on port ${stranger.port}, which 0xFFFF could take for the tablet`, {
			remedy: "unplug it",
		});
	}
	for (const fact of ["serial", "port"] as const) {
		const declared = identity[fact];
		if (declared === undefined || declared === found[fact]) continue;
		throw new UserError(
			`the tablet on port ${found.port} is not the declared one: its ${fact} is "${printableLine(found[fact])}", declared is "${declared}"`,
		);
	}
	await checkPermission(kind, found);
	const said = parse(await flasher(["-I"], { signal, withinMs: ANSWER_MS }));
	if (said.get("Device") !== kind.product)
		throw new UserError(`the device says it is a ${said.get("Device") ?? "(nothing)"}, the board is a ${kind.product}`);
	const revision = said.get("HW revision") ?? "";
	if (!kind.hardwareRevisions.includes(revision)) {
		throw new UserError(`the tablet has hardware revision ${revision === "" ? "(not told)" : revision}`, {
			remedy: `revisions that images are made for: ${kind.hardwareRevisions.join(", ")} (boards/, flashing.hardwareRevisions)`,
		});
	}
	const [softwareVersion, kernelVersion] = ["Software release version", "Kernel version"].map((name) => said.get(name));
	return { port: found.port, serial: found.serial, revision, softwareVersion, kernelVersion };
}

/** 0xFFFF would wait for ever for a device that it may not open. What has no node is not judged. */
async function checkPermission({ usbVendor, usbProduct }: UsbKind, { port, node }: UsbDevice): Promise<void> {
	const isRefused = await access(node, constants.R_OK | constants.W_OK).then(
		() => false,
		(error: NodeJS.ErrnoException) => error.code === "EACCES" || error.code === "EPERM",
	);
	if (!isRefused) return;
	throw new UserError(`you may not open the tablet on port ${port} (${node})`, {
		remedy: `give udev the rule \`${udevRule(usbVendor, usbProduct)}\`, for instance in /etc/udev/rules.d/60-tablet.rules, and plug it in again`,
	});
}

/** Lets whoever sits at this machine open a device. */
function udevRule(vendor: number, product: number): string {
	const hex = (id: number) => id.toString(16).padStart(4, "0");
	return `SUBSYSTEM=="usb", ATTR{idVendor}=="${hex(vendor)}", ATTR{idProduct}=="${hex(product)}", TAG+="uaccess"`;
}

interface UsbDevice {
	readonly port: string;
	readonly vendor: number;
	readonly product: number;
	readonly serial: string;
	/** Its node in /dev. */
	readonly node: string;
}

async function usbDevices(): Promise<UsbDevice[]> {
	const sysfs = deviceFolder();
	const ports = await readdir(sysfs).catch(() => []);
	const devices = await Promise.all(
		ports.map(async (port) => {
			const fact = (name: string) =>
				readFile(join(sysfs, port, name), "utf8").then(
					(text) => text.trim(),
					() => "",
				);
			const [vendor = "", product = "", serial = "", ...address] = await Promise.all(
				["idVendor", "idProduct", "serial", "busnum", "devnum"].map(fact),
			);
			const node = join("/dev/bus/usb", ...address.map((number) => number.padStart(3, "0")));
			return { port, serial, node, vendor: Number.parseInt(vendor, 16), product: Number.parseInt(product, 16) };
		}),
	);
	return devices.sort((a, b) => (a.port < b.port ? -1 : 1));
}

/** The lines `Name: value` that 0xFFFF prints; what it could not find out is left out. */
function parse(output: string): Map<string, string> {
	const lines = output.split("\n").map((line) => /^([A-Za-z&][A-Za-z& ]*): (.*)$/.exec(line.trim()));
	return new Map(
		lines.flatMap((line) => {
			const [, name = "", value = ""] = line ?? [];
			return name === "" || value === "(not detected)" ? [] : [[name, printableLine(value)] as const];
		}),
	);
}
