// SPDX-License-Identifier: Apache-2.0
// A user's project in a temporary folder, driven by the `pulumi` command: the program runs in a process of its own, as it does for users.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";
import { enginePath } from "../provider/project.ts";

export interface CliResult {
	readonly status: number;
	readonly output: string;
	/** Milliseconds. */
	readonly took: number;
}

/** The repository's own project with another program, or a copy of it elsewhere. */
export class CliProject {
	readonly folder: string;
	readonly env: Record<string, string>;

	/** `program` is the text of stacks/index.ts; `@components` in it stands for the repository's components. */
	constructor(program: string) {
		const root = packageRoot();
		this.folder = mkdtempSync(join(tmpdir(), "persona project "));
		this.env = {
			...(process.env as Record<string, string>),
			PATH: enginePath(),
			PULUMI_HOME: join(this.folder, ".home"),
			PULUMI_BACKEND_URL: `file://${join(this.folder, ".state")}`,
			PULUMI_CONFIG_PASSPHRASE: "test",
			PULUMI_SKIP_UPDATE_CHECK: "true",
			XDG_STATE_HOME: join(this.folder, ".xdg"),
			PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(root, "persona.lock.yaml"),
		};
		mkdirSync(join(this.folder, ".state"));
		const pulumiYaml = readFileSync(join(root, "Pulumi.yaml"), "utf8");
		this.write("Pulumi.yaml", pulumiYaml.replace(/path: \.\/plugin$/m, `path: ${JSON.stringify(join(root, "plugin"))}`));
		this.write("package.json", JSON.stringify({ name: "project", private: true, type: "module" }));
		this.write("stacks/index.ts", program.replaceAll("@components", join(root, "components", "index.ts")));
		symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
		cpSync(join(root, "personas"), join(this.folder, "personas"), { recursive: true });
		cpSync(join(root, "stacks", "dev.phone.yaml"), join(this.folder, "stacks", "dev.phone.yaml"));
	}

	write(path: string, text: string): void {
		const file = join(this.folder, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}

	/** Runs `pulumi`; a failure is a result. */
	pulumi(...args: string[]): Promise<CliResult> {
		const begun = performance.now();
		return new Promise((settle) => {
			execFile("pulumi", args, { cwd: this.folder, env: this.env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
				const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
				settle({ status, output: stdout + stderr, took: performance.now() - begun });
			});
		});
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** The program of the repository itself. */
export const PHONE_PROGRAM = readFileSync(join(packageRoot(), "stacks", "index.ts"), "utf8").replace(
	"../components/index.ts",
	"@components",
);

/** The program `pulumi new` starts one with: the SDK, and no resource. */
export const EMPTY_PROGRAM = 'import * as pulumi from "@pulumi/pulumi";\nexport const stack = pulumi.getStack();\n';

/** Not even the SDK. */
export const NO_PROGRAM = "export {};\n";
