// SPDX-License-Identifier: Apache-2.0
// The commands about device images: what is in one, whether it is what it says, what it was made from.
import type { Command } from "commander";
import { uri } from "./argument-values.ts";
import type { ProvenanceOptions } from "./commands/provenance.ts";
import type { VerifyOptions } from "./commands/verify.ts";
import { EXIT } from "./exit-codes.ts";
import type { Frame } from "./program-frame.ts";

type ProvenanceFlags = Omit<ProvenanceOptions, "handset" | "format"> & { readonly markdown: boolean };

/** Adds the commands about device images to the program. */
export function imageCommands({ command, global, figures, terminal, done }: Frame): void {
	command("explain", "show who owns what in a device image, and who signed it", "persona explain\npersona explain image.bin --json")
		.argument("[image]", "a file, or a digest in the store; what the handset runs by default")
		.option("--key <files...>", "public keys to check its signature by; those in the project's keys/ by default", [])
		.action(async (image: string | undefined, options: { key: string[] }, sub: Command) => {
			const { explain } = await import("./commands/explain.ts");
			done(await explain(terminal, image, { ...global(sub), keys: options.key }));
		});

	/** Accounts are JSON where no person reads them, as figures are. */
	const account = (sub: Command, markdown: boolean) => {
		const { handset, json } = figures(sub);
		const format = markdown ? ("markdown" as const) : json ? ("json" as const) : ("text" as const);
		return { handset, format };
	};
	const IMAGE = "a stack, a file, or a digest in the store; what the handset runs by default";

	command(
		"verify",
		"check an image byte by byte, or whether it comes out the same again",
		"persona verify\npersona verify image.bin --provenance image.intoto.json --key release.pub.pem\npersona verify dev --rebuild\npersona verify image.bin --rebuild --phone dev --keep different/",
	)
		.argument("[image]", IMAGE)
		.option("--rebuild", "build everything again elsewhere, and compare every artifact", false)
		.option("--phone <stack>", "what a file or digest should come out of: a stack, or a phone document")
		.option("--keep <folder>", "copy what differs there")
		.option("--provenance <file>", "check the signed provenance of the image in it, too")
		.option("--key <files...>", "public keys to check signatures by; those in the project's keys/ by default", [])
		.addHelpText(
			"after",
			`\nExit status: ${EXIT.ok} when all is as it should be, ${EXIT.found} when not, ${EXIT.failed} when it could not be found out.`,
		)
		.action(async (image: string | undefined, options: Omit<VerifyOptions, "handset" | "json">, sub: Command) => {
			const { verify } = await import("./commands/verify.ts");
			done(await verify(terminal, image, { ...options, ...figures(sub) }));
		});

	command(
		"sbom",
		"list what is in a device image, with licences (CycloneDX)",
		"persona sbom\npersona sbom dev --output dev.cdx.json\npersona sbom dev --markdown\npersona sbom dev --licences licences/",
	)
		.argument("[image]", IMAGE)
		.option("--markdown", "a table for people to read in a review", false)
		.option("--output <file>", "write it there")
		.option("--licences <folder>", "collect the texts of all licences there, too")
		.action(async (image: string | undefined, options: { markdown: boolean; output?: string; licences?: string }, sub: Command) => {
			const { sbom } = await import("./commands/sbom.ts");
			const { handset, format } = account(sub, options.markdown);
			await sbom(terminal, image, { ...options, handset, format: fileFormat(format, options) });
		});

	command(
		"provenance",
		"say what a device image was made from (SLSA, in-toto)",
		"persona provenance dev --output dev.intoto.json\npersona provenance dev --sign --builder https://ci.example.org/phones --output dev.intoto.json",
	)
		.argument("[image]", IMAGE)
		.option("--markdown", "tables for people to read in a review", false)
		.option("--output <file>", "write it there")
		.option("--builder <uri>", "who built it, such as your CI", uri)
		.option("--sign", "sign it with the key that signed the image, as an envelope of DSSE", false)
		.option("--key <files...>", "public keys, to find that of the image among; those in the project's keys/ by default", [])
		.action(async (image: string | undefined, options: ProvenanceFlags, sub: Command) => {
			const { provenance } = await import("./commands/provenance.ts");
			const { handset, format } = account(sub, options.markdown);
			await provenance(terminal, image, { ...options, handset, format: fileFormat(format, options) });
		});

	command(
		"diff",
		"show what changes from one device image to another",
		"persona diff dev@origin/main dev\npersona diff dev@origin/main dev --markdown > review.md\npersona diff old.bin new.bin --json",
	)
		.argument("<old>", "a stack, a stack at a revision of git (dev@main), a file, or a digest in the store")
		.argument("[new]", "the same; what the handset runs by default")
		.option("--markdown", "for a review", false)
		.option("--output <file>", "write it there")
		.action(async (old: string, now: string | undefined, options: { markdown: boolean; output?: string }, sub: Command) => {
			const { diff } = await import("./commands/diff.ts");
			const { handset, format } = account(sub, options.markdown);
			await diff(terminal, old, now, { ...options, handset, format: fileFormat(format, options) });
		});
}

/** A file is read by programs, unless a person's format is asked for. */
function fileFormat(
	format: "text" | "markdown" | "json",
	{ output }: { output?: string | undefined },
): "text" | "markdown" | "json" {
	return output !== undefined && format === "text" ? "json" : format;
}
