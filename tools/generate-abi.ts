// SPDX-License-Identifier: Apache-2.0
// Generates components/image/abi.ts from hypervisor/include/veil/abi.h: constants, enumerations and structures with their offsets.
//
//     node tools/generate-abi.ts [--check]
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Constant {
	name: string;
	literal: string;
	comment: string | undefined;
}

interface Enumeration {
	name: string;
	comment: string | undefined;
	values: Constant[];
}

interface Member {
	name: string;
	type: string;
	/** Of an array: a number, or the name of a constant. */
	length: string | undefined;
	comment: string | undefined;
}

interface Structure {
	name: string;
	comment: string | undefined;
	members: Member[];
}

type Declaration = { constant: Constant } | { enumeration: Enumeration } | { structure: Structure };

const scalars: Record<string, { bytes: number; kind: string; type: string }> = {
	uint8_t: { bytes: 1, kind: '"u8"', type: "number" },
	uint16_t: { bytes: 2, kind: '"u16"', type: "number" },
	uint32_t: { bytes: 4, kind: '"u32"', type: "number" },
	uint64_t: { bytes: 8, kind: '"u64"', type: "bigint" },
};

const biome = fileURLToPath(new URL("../node_modules/.bin/biome", import.meta.url));

/** The text of abi.ts for the text of abi.h; throws when the header leaves the subset of C it must keep to. */
export function generateAbi(header: string): string {
	const options = ["format", "--stdin-file-path=components/image/abi.ts"];
	return execFileSync(biome, options, { input: render(parse(header)), encoding: "utf8" });
}

function parse(header: string): Declaration[] {
	const declarations: Declaration[] = [];
	const lines = header.split("\n");
	let comment: string | undefined;
	for (let index = 0; index < lines.length; index++) {
		const line = lines[index] ?? "";
		if (line.trim() === "") {
			comment = undefined;
		} else if (line.startsWith("/*")) {
			const from = index;
			while (!(lines[index] ?? "").includes("*/")) index++;
			comment = sentence(lines.slice(from, index + 1).join("\n"));
		} else if (/^(enum|struct) \w+ \{$/.test(line)) {
			const [kind, name] = line.split(" ") as [string, string];
			const from = ++index;
			while (lines[index] !== "};") {
				if (index >= lines.length) throw new Error(`${name}: no closing brace`);
				index++;
			}
			const body = lines.slice(from, index);
			declarations.push(
				kind === "enum"
					? { enumeration: { name, comment, values: body.map(enumerator) } }
					: { structure: { name, comment, members: body.map(member) } },
			);
			comment = undefined;
		} else if (/^#define \w+ \S/.test(line)) {
			const match = /^#define (\w+) (0x[0-9a-f]+|\d+)(?: \/\* (.*) \*\/)?$/.exec(line);
			if (match === null) throw new Error(`not a #define of an integer: ${line}`);
			declarations.push({ constant: { name: match[1] ?? "", literal: match[2] ?? "", comment: match[3] } });
			comment = undefined;
		} else if (!/^#(ifndef|define|include|endif)\b/.test(line)) {
			throw new Error(`abi.h line ${index + 1} is outside the subset of C it keeps to: ${line}`);
		}
	}
	return declarations;
}

function enumerator(line: string): Constant {
	const match = /^\t(\w+) = (0x[0-9a-f]+|\d+),?(?: \/\* (.*) \*\/)?$/.exec(line);
	if (match === null) throw new Error(`not an enumerator with a value: ${line}`);
	return { name: match[1] ?? "", literal: match[2] ?? "", comment: match[3] };
}

function member(line: string): Member {
	const match = /^\t(?:struct )?(\w+) (\w+)(?:\[(\w+)\])?;(?: \/\* (.*) \*\/)?$/.exec(line);
	if (match === null) throw new Error(`not a member of fixed width: ${line}`);
	return { name: match[2] ?? "", type: match[1] ?? "", length: match[3], comment: match[4] };
}

function sentence(comment: string): string | undefined {
	const text = comment
		.replace(/^\/\*|\*\/$/g, "")
		.split("\n")
		.map((line) => line.replace(/^ ?\* ?/, "").trim())
		.join(" ")
		.trim();
	return text.startsWith("----") || text.startsWith("SPDX") ? undefined : text;
}

function render(declarations: Declaration[]): string {
	const constants = new Map<string, number>();
	const structures = new Map<string, { size: number; alignment: number }>();
	const out = [
		"// SPDX-License-Identifier: Apache-2.0",
		"// Every format Veil shares with the outside, generated from hypervisor/include/veil/abi.h by tools/generate-abi.ts: do not edit.",
		'import { structure } from "./codec.ts";',
	];
	for (const declaration of declarations) {
		out.push("");
		if ("constant" in declaration) {
			const { name, literal, comment } = declaration.constant;
			const big = BigInt(literal) > BigInt(Number.MAX_SAFE_INTEGER);
			if (!big) constants.set(name, Number(literal));
			if (comment !== undefined) out.push(`/** ${comment} */`);
			out.push(`export const ${name} = ${literal}${big ? "n" : ""};`);
		} else if ("enumeration" in declaration) {
			out.push(...renderEnumeration(declaration.enumeration));
		} else {
			out.push(...renderStructure(declaration.structure, constants, structures));
		}
	}
	return `${out.join("\n")}\n`;
}

function renderEnumeration({ name, comment, values }: Enumeration): string[] {
	const out: string[] = [];
	for (const value of values) {
		if (value.comment !== undefined) out.push(`/** ${value.comment} */`);
		out.push(`export const ${value.name} = ${value.literal};`);
	}
	// Names by value, for messages.
	out.push("", `/** ${comment ?? `enum ${name}`}${comment === undefined ? ": names by value." : " Names by value."} */`);
	out.push(`export const ${camel(name)}Names: ReadonlyMap<number, string> = new Map([`);
	const prefix = commonPrefix(values.map((value) => value.name));
	for (const value of values) out.push(`  [${value.literal}, "${camel(value.name.slice(prefix.length).toLowerCase())}"],`);
	out.push("]);");
	return out;
}

function renderStructure(
	{ name, comment, members }: Structure,
	constants: Map<string, number>,
	structures: Map<string, { size: number; alignment: number }>,
): string[] {
	const type = pascal(name);
	const face = [`export interface ${type} {`];
	const fields: string[] = [];
	let offset = 0;
	let alignment = 1;
	for (const field of members) {
		const scalar = scalars[field.type];
		const nested = structures.get(field.type);
		const unit = scalar?.bytes ?? nested?.size;
		const align = scalar?.bytes ?? nested?.alignment;
		if (unit === undefined || align === undefined) throw new Error(`${name}.${field.name}: unknown type ${field.type}`);
		if (offset % align !== 0) throw new Error(`${name}.${field.name} is not naturally aligned: add a reserved field`);
		const count = field.length === undefined ? undefined : (constants.get(field.length) ?? Number(field.length));
		if (Number.isNaN(count)) throw new Error(`${name}.${field.name}: ${field.length} is no constant`);
		if (count !== undefined && (scalar === undefined || unit > 2))
			throw new Error(`${name}.${field.name}: only arrays of 8-bit and 16-bit integers are known`);
		const array =
			unit === 1 ? { kind: `{ bytes: ${count} }`, type: "Uint8Array" } : { kind: `{ words: ${count} }`, type: "number[]" };
		if (field.comment !== undefined) face.push(`  /** ${field.comment} */`);
		const kind = count !== undefined ? array.kind : (scalar?.kind ?? `{ structure: ${camel(field.type)} }`);
		const typeName = count !== undefined ? array.type : (scalar?.type ?? pascal(field.type));
		face.push(`  ${camel(field.name)}: ${typeName};`);
		fields.push(`  ["${camel(field.name)}", ${kind}, ${offset}],`);
		offset += unit * (count ?? 1);
		alignment = Math.max(alignment, align);
	}
	face.push("}");
	if (offset % alignment !== 0) throw new Error(`${name} ends in padding: add a reserved field`);
	structures.set(name, { size: offset, alignment });
	return [
		...(comment === undefined ? [] : [`/** ${comment} */`]),
		...face,
		"",
		`/** Layout of struct ${name}: ${offset} bytes. */`,
		`export const ${camel(name)} = structure<${type}>("${name}", ${offset}, [`,
		...fields,
		"]);",
	];
}

function commonPrefix(names: string[]): string {
	let prefix = names[0] ?? "";
	for (const name of names) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
	return prefix.slice(0, prefix.lastIndexOf("_") + 1);
}

function camel(name: string): string {
	return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function pascal(name: string): string {
	return camel(`_${name}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const header = new URL("../hypervisor/include/veil/abi.h", import.meta.url);
	const target = new URL("../components/image/abi.ts", import.meta.url);
	const text = generateAbi(readFileSync(header, "utf8"));
	if (!process.argv.includes("--check")) {
		writeFileSync(target, text);
	} else if (readFileSync(target, "utf8") !== text) {
		console.error("components/image/abi.ts is not what abi.h says: run node tools/generate-abi.ts");
		process.exitCode = 1;
	}
}
