// SPDX-License-Identifier: Apache-2.0
// Finds the one tablet that may be flashed: by what the kernel says of USB, and by what its boot loader says of itself through 0xFFFF.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../util/errors.ts";
import { ProcessError, run } from "../util/process.ts";
import { printableLine } from "./printable.ts";

export const FLASHER = "0xFFFF";

/** Where Linux lists USB devices (Documentation/ABI/testing/sysfs-bus-usb). */
const SYSFS = "/sys/bus/usb/devices";

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

/** What a tablet's boot loader says of it. */
export interface IdentifiedTablet {
	readonly port: string;
	readonly serial: string;
	readonly revision: string;
	/** Undefined where it says nothing. */
	readonly softwareVersion: string | undefined;
}

/**
 * The tablet with the declared identity, which waits to be flashed.
 *
 * @throws UserError when there is none, another one, more than one, or its kind is not the board's: 0xFFFF takes the first it finds
 */
export async function identifyTablet(
	kind: UsbKind,
	identity: UsbIdentity,
	{ sysfs = SYSFS, signal }: { sysfs?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<IdentifiedTablet> {
	if (identity.serial === undefined && identity.port === undefined)
		throw new UserError("the Handset declares no USB identity", { remedy: "declare target.usb.serial, or target.usb.port" });
	const waiting = (await usbDevices(sysfs)).filter(
		({ vendor, product }) => vendor === kind.usbVendor && product === kind.usbProduct,
	);
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
	for (const fact of ["serial", "port"] as const) {
		const declared = identity[fact];
		if (declared === undefined || declared === found[fact]) continue;
		throw new UserError(
			`the tablet on port ${found.port} is not the declared one: its ${fact} is "${printableLine(found[fact])}", declared is "${declared}"`,
		);
	}
	const said = parse(await flasher(["-I"], signal));
	if (said.get("Device") !== kind.product)
		throw new UserError(`the device says it is a ${said.get("Device") ?? "(nothing)"}, the board is a ${kind.product}`);
	const revision = said.get("HW revision") ?? "";
	if (!kind.hardwareRevisions.includes(revision)) {
		throw new UserError(`the tablet has hardware revision ${revision === "" ? "(not told)" : revision}`, {
			remedy: `revisions that images are made for: ${kind.hardwareRevisions.join(", ")} (boards/, flashing.hardwareRevisions)`,
		});
	}
	return { port: found.port, serial: found.serial, revision, softwareVersion: said.get("Software release version") };
}

interface UsbDevice {
	readonly port: string;
	readonly vendor: number;
	readonly product: number;
	readonly serial: string;
}

async function usbDevices(sysfs: string): Promise<UsbDevice[]> {
	const ports = await readdir(sysfs).catch(() => []);
	const devices = await Promise.all(
		ports.map(async (port) => {
			const fact = (name: string) =>
				readFile(join(sysfs, port, name), "utf8").then(
					(text) => text.trim(),
					() => "",
				);
			const [vendor, product, serial] = await Promise.all([fact("idVendor"), fact("idProduct"), fact("serial")]);
			return { port, serial, vendor: Number.parseInt(vendor, 16), product: Number.parseInt(product, 16) };
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

/** Runs 0xFFFF; gives what it prints. @throws UserError with its last words when it fails */
export async function flasher(args: readonly string[], signal?: AbortSignal, onLine?: (line: string) => void): Promise<string> {
	try {
		const { stdout, stderr } = await run(FLASHER, args, { signal, ...(onLine === undefined ? {} : { onLine }) });
		return stdout + stderr;
	} catch (error) {
		if (!(error instanceof ProcessError)) throw error;
		if (error.status === undefined && error.signal === undefined)
			throw new UserError(`${FLASHER} is missing, which flashes tablets`, { remedy: "apt-get install 0xffff", cause: error });
		const words = (error.stderr.trim() || error.stdout.trim()).split("\n").slice(-3).map(printableLine).join(" ");
		throw new UserError(`${FLASHER} ${args.join(" ")} failed: ${words}`, { cause: error });
	}
}
