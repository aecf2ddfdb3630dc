// SPDX-License-Identifier: Apache-2.0
// Validators made from schemas. Making one takes longer than a whole document, so its code is kept in the cache between runs, compiled.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Script } from "node:vm";
import type { ValidateFunction } from "ajv";
import { cacheDir, packageVersion, sha256 } from "../util/index.ts";

type Formats = Readonly<Record<string, (text: string) => boolean>>;

const require = createRequire(import.meta.url);

/** A validator that collects all errors, with the schema's part each is about. */
export function validatorFrom(schema: object, formats: Formats): ValidateFunction {
	const text = JSON.stringify(schema);
	const { version } = require("ajv/package.json") as { version: string };
	const made = `${packageVersion()} ajv ${version} node ${process.version} ${process.arch} ${text}`;
	const file = path.join(cacheDir(), "validators", sha256(made).slice("sha256:".length, "sha256:".length + 32));
	const kept = readWhole(`${file}.cjs`)?.toString();
	const code = kept ?? `(function (require, module, formats) {${generate(schema, formats)}\n})`;
	if (kept === undefined) keep(`${file}.cjs`, Buffer.from(code));
	const cachedData = readWhole(`${file}.compiled`);
	const script = new Script(code, { filename: `${file}.cjs`, cachedData });
	const validate = run(script, formats);
	if (cachedData === undefined) {
		validate({}); // functions are compiled when they are first called
		keep(`${file}.compiled`, script.createCachedData());
	}
	return validate;
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

function run(script: Script, formats: Formats): ValidateFunction {
	const module = { exports: {} as ValidateFunction };
	const make = script.runInThisContext() as (from: NodeJS.Require, into: typeof module, named: Formats) => void;
	make(require, module, formats);
	return module.exports;
}

/** What a cache file holds after its first line, which is the digest of that; undefined where it is missing or damaged. */
function readWhole(file: string): Buffer | undefined {
	let whole: Buffer;
	try {
		whole = readFileSync(file);
	} catch {
		return undefined;
	}
	const end = whole.indexOf("\n");
	const held = whole.subarray(end + 1);
	return whole.toString("latin1", 0, end) === `// ${sha256(held)}` ? held : undefined;
}

/** A cache that cannot be written costs time, not correctness. */
function keep(file: string, held: Buffer): void {
	try {
		mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		const temporary = `${file}.${process.pid}`;
		writeFileSync(temporary, Buffer.concat([Buffer.from(`// ${sha256(held)}\n`), held]), { mode: 0o600 });
		renameSync(temporary, file);
	} catch {}
}
