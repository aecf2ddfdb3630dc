// SPDX-License-Identifier: Apache-2.0
// The bill of materials for people: a table of packages a persona, as text or Markdown.
import type { Composition } from "../image/index.ts";
import { packageVersion } from "../util/version.ts";
import type { Licence } from "./copyright.ts";
import { markdownTable, textTable } from "./report-table.ts";
import type { PackagesOf } from "./sbom.ts";

const HEADING = ["package", "version", "licence"];

/** The packages of an image by persona, with their licences. */
export function renderSbomTables(composition: Composition, packages: PackagesOf, format: "text" | "markdown"): string {
	const { digest, inputs, hypervisor } = composition;
	const isText = format === "text";
	const lines = isText
		? [`Device image for ${inputs.board}`, `  ${digest}`, `  Veil ${packageVersion()}, ${hypervisor.digest}`]
		: [`## Device image for ${inputs.board}`, "", `\`${digest}\``, "", `Veil ${packageVersion()}: \`${hypervisor.digest}\``];
	for (const { name } of inputs.personas) {
		const rows = (packages.get(name) ?? []).map((one) => [one.name, one.version, one.licences.map(licenceText).join("; ")]);
		lines.push("", isText ? `Persona ${name}` : `### Persona ${name}`, ...(isText ? [] : [""]));
		if (rows.length === 0) lines.push(isText ? `  ${withoutPackages(composition, name)}` : withoutPackages(composition, name));
		else lines.push(isText ? textTable(HEADING, rows).replace(/^/gm, "  ") : markdownTable(HEADING, rows));
	}
	return `${lines.join("\n")}\n`;
}

function withoutPackages({ guests }: Composition, name: string): string {
	return guests[name]?.inputs === undefined
		? "what it was built from is not known: it was built by an older version"
		: "no packages: it was brought as it is";
}

function licenceText(licence: Licence): string {
	return "id" in licence ? licence.id : "expression" in licence ? licence.expression : licence.name;
}
