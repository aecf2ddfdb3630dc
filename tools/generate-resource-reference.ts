// SPDX-License-Identifier: Apache-2.0
// Generates docs/reference/resources.md from schema.json: what each Pulumi resource and function takes and gives.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const resourceReferencePath = path.join(root, "docs/reference/resources.md");

/** The part of a Pulumi package schema that is shown. */
interface Property {
	readonly description?: string;
	readonly type?: string;
	readonly $ref?: string;
	readonly items?: Property;
	readonly additionalProperties?: Property;
	readonly oneOf?: readonly Property[];
	readonly secret?: boolean;
}
interface Shape {
	readonly description?: string;
	readonly properties?: Readonly<Record<string, Property>>;
	readonly required?: readonly string[];
}
interface Resource extends Shape {
	readonly inputProperties?: Readonly<Record<string, Property>>;
	readonly requiredInputs?: readonly string[];
	readonly isComponent?: boolean;
}
interface Package {
	readonly config?: { readonly variables?: Readonly<Record<string, Property>> };
	readonly resources: Readonly<Record<string, Resource>>;
	readonly functions?: Readonly<
		Record<string, { readonly description?: string; readonly inputs?: Shape; readonly outputs?: Shape }>
	>;
}

const last = (token: string): string => token.split(/[:/]/).at(-1) ?? token;

function typeOf(property: Property): string {
	if (property.oneOf !== undefined) return property.oneOf.map(typeOf).join(" or ");
	if (property.$ref !== undefined) return property.$ref.startsWith("pulumi.json#") ? "any value" : last(property.$ref);
	if (property.type === "array") return `list of ${property.items === undefined ? "values" : typeOf(property.items)}`;
	if (property.type === "object")
		return `map of ${property.additionalProperties === undefined ? "text" : typeOf(property.additionalProperties)}`;
	return property.type ?? "any value";
}

function table(properties: Readonly<Record<string, Property>> = {}, required: readonly string[] | undefined): string {
	const rows = Object.entries(properties).map(([name, property]) => {
		const cells = [`\`${name}\``, typeOf(property), (property.description ?? "").replaceAll("|", "\\|").replaceAll("\n", " ")];
		if (required !== undefined) cells.splice(2, 0, required.includes(name) ? "required" : "optional");
		return `| ${cells.join(" | ")} |`;
	});
	const head =
		required === undefined
			? "| name | type | meaning |\n| --- | --- | --- |"
			: "| name | type | | meaning |\n| --- | --- | --- | --- |";
	return rows.length === 0 ? "none" : [head, ...rows].join("\n");
}

/** The text of the reference. */
export function resourceReference(): string {
	const schema = JSON.parse(readFileSync(path.join(root, "schema.json"), "utf8")) as Package;
	const parts = [
		"# Pulumi resources: reference",
		"Generated from `schema.json` by `tools/generate-resource-reference.ts`. Documents such as Persona and Phone are in [documents.md](documents.md).",
	];
	for (const [token, resource] of Object.entries(schema.resources)) {
		const kind = resource.isComponent === true ? " (component)" : "";
		parts.push(`## ${last(token)}${kind}`, `Token \`${token}\`. ${resource.description ?? ""}`);
		parts.push(
			"Inputs",
			table(resource.inputProperties, resource.requiredInputs ?? []),
			"Outputs",
			table(resource.properties, undefined),
		);
	}
	for (const [token, fn] of Object.entries(schema.functions ?? {})) {
		parts.push(`## ${last(token)} (function)`, `Token \`${token}\`. ${fn.description ?? ""}`);
		parts.push("Takes", table(fn.inputs?.properties, fn.inputs?.required ?? []), "Gives", table(fn.outputs?.properties, undefined));
	}
	const variables = schema.config?.variables ?? {};
	if (Object.keys(variables).length > 0) parts.push("## Provider configuration", table(variables, undefined));
	return `${parts.join("\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	mkdirSync(path.dirname(resourceReferencePath), { recursive: true });
	writeFileSync(resourceReferencePath, resourceReference());
}
