// SPDX-License-Identifier: Apache-2.0
// `persona verify [IMAGE]`: whether an image is what it says, and with --rebuild whether it comes out the same again.
import { mkdir, readFile } from "node:fs/promises";
import {
	type CheckedProvenance,
	type Compared,
	checkProvenance,
	describeConditions,
	givesImage,
	type RebuildOptions,
	type RebuildReport,
	rebuild,
} from "../../account/index.ts";
import { type ExplainedImage, openStore, readDeviceImage } from "../../image/index.ts";
import type { PublicKey } from "../../signing/index.ts";
import { errorCode, UserError } from "../../util/errors.ts";
import { printableName } from "../../util/printable.ts";
import { writingTo } from "../../util/writing.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { type Choosing, type ChosenImage, checkedPhone, chooseImage, phoneContext, phoneFile } from "../images.ts";
import { withProgress } from "../progress.ts";
import { trustedKeys } from "../public-keys.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

export interface VerifyOptions {
	readonly handset?: string | undefined;
	readonly json: boolean;
	readonly rebuild: boolean;
	/** Folder that what differs is copied to. */
	readonly keep?: string | undefined;
	/** Stack or phone document that a file or digest is to come out of. */
	readonly phone?: string | undefined;
	/** File of its signed provenance. */
	readonly provenance?: string | undefined;
	/** Files of the public keys that count; the project's where none is named. */
	readonly key: readonly string[];
}

/** `buildAgain` takes minutes. */
export async function verify(
	terminal: Terminal,
	what: string | undefined,
	options: VerifyOptions,
	buildAgain: typeof rebuildPhone = rebuildPhone,
): Promise<ExitCode> {
	const { keep } = options;
	// Found out before minutes of building, not after them.
	if (keep !== undefined) await writingTo(keep, () => mkdir(keep, { recursive: true }));
	const keys = await trustedKeys(options.key);
	const { image, explained, again } = await withProgress(terminal, "verifying", async (progress, signal) => {
		const how = { handset: options.handset, progress, signal };
		const file = options.rebuild ? phoneToRebuild(what, options.phone) : undefined;
		const chosen = await chooseImage(what, how);
		progress("reading every byte of the image");
		const read = await readDeviceImage(chosen.path, keys, signal);
		if (file === undefined) return { image: chosen, explained: read, again: undefined };
		return { image: chosen, explained: read, again: await buildAgain(file, how, { keep, image: chosen.path }) };
	});
	const isThatImage = again === undefined || givesImage(again, image.digest);
	const origin = options.provenance === undefined ? undefined : await provenanceIn(options.provenance, explained, keys);
	const ok = explained.problems.length === 0 && again?.same !== false && isThatImage && origin?.problem === undefined;
	if (options.json) {
		printJson(terminal, {
			ok,
			image: {
				name: image.name,
				digest: image.digest,
				signature: explained.signature,
				signed: explained.signed,
				problems: explained.problems,
			},
			provenance: origin ?? null,
			rebuild: again === undefined ? null : { ...again, givesThisImage: isThatImage },
		});
	} else {
		print(terminal, imageLines(terminal, image, explained).join("\n"));
		if (origin !== undefined) print(terminal, provenanceLine(terminal, origin));
		if (again !== undefined) print(terminal, rebuildLines(terminal, again).join("\n"));
		if (!isThatImage && again?.same === true)
			print(terminal, `${bad(terminal)} what the documents give is another image than ${image.name}`);
	}
	if (again?.notKept !== undefined) terminal.err.write(`${styled(terminal, "yellow", "not kept:")} ${again.notKept}\n`);
	return ok ? EXIT.ok : EXIT.found;
}

async function rebuildPhone(file: string, how: Choosing, options: RebuildOptions): Promise<RebuildReport> {
	const context = await phoneContext(file, await openStore(), how);
	return rebuild(await checkedPhone(file), context, options);
}

function phoneToRebuild(what: string | undefined, phone: string | undefined): string {
	const named = phone ?? what;
	const file = named === undefined ? undefined : phoneFile(named);
	if (file !== undefined) return file;
	throw new UserError("--rebuild needs to know what to build", {
		remedy: "name a stack: `persona verify dev --rebuild`, or `persona verify image.bin --rebuild --phone dev`",
	});
}

/** What its provenance says of an image, or what is wrong with that. */
type Origin = { readonly file: string } & ((CheckedProvenance & { readonly problem?: undefined }) | { readonly problem: string });

async function provenanceIn(file: string, image: ExplainedImage, keys: readonly PublicKey[]): Promise<Origin> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (error) {
		if (errorCode(error) === undefined) throw error;
		throw new UserError("cannot be read", {
			where: file,
			remedy: "name the file that `persona provenance --sign` wrote",
			cause: error,
		});
	}
	const checked = checkProvenance(text, image, keys);
	return typeof checked === "string" ? { file, problem: checked } : { file, ...checked };
}

function provenanceLine(terminal: Terminal, origin: Origin): string {
	return origin.problem === undefined
		? `${good(terminal)} ${origin.file}: signed by ${origin.fingerprint}, built by ${printableName(origin.builder)}`
		: `${bad(terminal)} ${origin.file}: ${origin.problem}`;
}

function imageLines(terminal: Terminal, { name, digest }: ChosenImage, explained: ExplainedImage): string[] {
	const { problems, signature, signed: by } = explained;
	const checked = by?.isChecked === true ? "" : " (NOT checked: its public key is not among the project's keys)";
	const signed = by === null ? "not signed (a development image)" : `signed by ${signature}, version ${by.version}${checked}`;
	if (problems.length === 0) return [`${good(terminal)} ${name}: whole and consistent, ${signed}`, `  ${digest}`];
	return [`${bad(terminal)} ${name}: it must not run`, `  ${digest}`, ...problems.map((problem) => `  ${problem}`)];
}

function rebuildLines(terminal: Terminal, { same, conditions, artifacts }: RebuildReport): string[] {
	const line = ({ name, first, second, difference }: Compared) =>
		difference === undefined
			? [`  ${good(terminal)} ${name.padEnd(24)} ${first}`]
			: [
					`  ${bad(terminal)} ${name}`,
					`      first:  ${first ?? "not made"}`,
					`      second: ${second ?? "not made"}`,
					...difference.explanation.map((sentence) => `      ${sentence}`),
				];
	return [
		same
			? `${good(terminal)} built again, every artifact came out the same`
			: `${bad(terminal)} built again, it came out different`,
		`  ${describeConditions(conditions)}`,
		...artifacts.flatMap(line),
	];
}

function good(terminal: Terminal): string {
	return styled(terminal, "green", "✓");
}

function bad(terminal: Terminal): string {
	return styled(terminal, "red", "✗");
}
