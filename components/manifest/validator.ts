// SPDX-License-Identifier: Apache-2.0
// Validators made from schemas. Making one takes longer than a whole document, so its code is kept in the cache between runs.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { runInThisContext } from "node:vm";
import type { ValidateFunction } from "ajv";
import { cacheDir, packageVersion, sha256 } from "../util/index.ts";

type Formats = Readonly<Record<string, (text: string) => boolean>>;

const require = createRequire(import.meta.url);

/** A validator that collects all errors, with the schema's part each is about. */
export function validatorFrom(schema: object, formats: Formats): ValidateFunction {
	const text = JSON.stringify(schema);
	const { version } = require("ajv/package.json") as { version: string };
	const key = sha256(`${packageVersion()} ajv ${version} ${text}`).slice("sha256:".length, "sha256:".length + 32);
	const file = path.join(cacheDir(), "validators", `${key}.cjs`);
	let code = readWhole(file);
	if (code === undefined) {
		code = generate(schema, formats);
		keep(file, code);
	}
	return load(code, formats);
}

function generate(schema: object, formats: Formats): string {
	const { _, Ajv } = require("ajv") as typeof import("ajv");
	const { default: standaloneCode } = require("ajv/dist/standalone/index.js") as typeof import("ajv/dist/standalone/index.js");
	const ajv = new Ajv({
		allErrors: true,
		verbose: true,
		allowUnionTypes: true,
		strict: true,
		strictRequired: false,
		formats,
		code: { source: true, formats: _`formats` },
	});
	ajv.addVocabulary(["x-allowed", "x-default"]);
	return standaloneCode(ajv, ajv.compile(schema));
}

function load(code: string, formats: Formats): ValidateFunction {
	const module = { exports: {} as ValidateFunction };
	const make = runInThisContext(`(function (require, module, formats) {${code}\n})`) as (
		from: NodeJS.Require,
		into: typeof module,
		named: Formats,
	) => void;
	make(require, module, formats);
	return module.exports;
}

/** The code in a cache file, whose first line is the digest of the rest; undefined where it is missing or damaged. */
function readWhole(file: string): string | undefined {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
	const end = text.indexOf("\n");
	const code = text.slice(end + 1);
	return text.slice(0, end) === `// ${sha256(code)}` ? code : undefined;
}

/** A cache that cannot be written costs time, not correctness. */
function keep(file: string, code: string): void {
	try {
		mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		const temporary = `${file}.${process.pid}`;
		writeFileSync(temporary, `// ${sha256(code)}\n${code}`, { mode: 0o600 });
		renameSync(temporary, file);
	} catch {}
}
