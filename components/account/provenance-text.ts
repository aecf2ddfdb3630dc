// SPDX-License-Identifier: Apache-2.0
// Provenance for people: what was made, from what, as text or Markdown.
import type { Resource, Statement } from "./provenance.ts";
import { markdownTable, textTable } from "./report-table.ts";

const HEADING = ["what", "digest"];

/** The subjects and materials of a statement. */
export function renderProvenance({ subject, predicate }: Statement, format: "text" | "markdown"): string {
	const { buildDefinition, runDetails } = predicate;
	const table = (resources: readonly Resource[]) => {
		const rows = resources.map(({ name, uri, digest = {} }) => [
			name ?? uri ?? "",
			Object.entries(digest)
				.map(([algorithm, value]) => `${algorithm}:${value}`)
				.join(" "),
		]);
		return format === "text" ? textTable(HEADING, rows).replace(/^/gm, "  ") : markdownTable(HEADING, rows);
	};
	const heading = (text: string) => (format === "text" ? [text] : [`### ${text}`, ""]);
	const lines = [
		...heading("Made"),
		table(subject),
		"",
		...heading("From"),
		table(buildDefinition.resolvedDependencies),
		"",
		`By ${runDetails.builder.id}, pulumi-persona ${runDetails.builder.version["pulumi-persona"]}`,
	];
	return `${lines.join("\n")}\n`;
}
