// SPDX-License-Identifier: Apache-2.0
// The `persona` command: its sub-commands, options and help. Each calls a stage; the work is done there.
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { goOffline } from "../util/network.ts";
import { packageVersion } from "../util/version.ts";
import { ACTIONS, type ActionName } from "./actions.ts";
import type { ProvenanceOptions } from "./commands/provenance.ts";
import type { VerifyOptions } from "./commands/verify.ts";
import { EXIT, EXIT_HELP, type ExitCode } from "./exit-codes.ts";
import { print, type Terminal } from "./terminal.ts";

interface Global {
	readonly handset?: string;
	readonly json?: boolean;
	readonly text?: boolean;
}

type ProvenanceFlags = Omit<ProvenanceOptions, "handset" | "format"> & { readonly markdown: boolean };

/** Builds the command. `done` takes the exit status of what was run. Sub-commands are loaded when they are called. */
export function makeProgram(terminal: Terminal, done: (code: ExitCode) => void): Command {
	const program = new Command("persona")
		.description("Phones with isolated personas on them: look at them, talk to them, build what runs on them.")
		.version(packageVersion())
		.option("--handset <id>", "which handset, by id, its beginning or label; the only one that runs is the default")
		.option("--json", "print JSON; the default for figures (status, ps, statistics) where no terminal reads them")
		.option("--text", "print text in any case")
		.option("--offline", "fetch nothing; what is missing is listed")
		.configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) })
		.showHelpAfterError("(`persona --help`, or `persona COMMAND --help`, tells more)")
		.exitOverride()
		.enablePositionalOptions() // what follows `exec PERSONA` is the command's own
		.helpCommand(false)
		.hook("preAction", (_, sub) => {
			if (sub.optsWithGlobals().offline === true || sub.opts().offline === true) goOffline();
		})
		.addHelpText(
			"after",
			`
Examples:
  persona status --watch          what each persona does, every second
  persona console work            sit at a persona's console; Ctrl-] leaves it
  persona switch personal         bring a persona to the foreground
  persona check --print           the documents with every default filled in
  eval "$(persona env)"           then plain pulumi works in this shell

${EXIT_HELP}`,
		);
	/** Options of the whole command may stand before or behind the sub-command. */
	const command = (name: string, description: string, examples: string) =>
		program
			.command(name)
			.description(description)
			.addOption(new Option("--handset <id>").hideHelp())
			.addOption(new Option("--json").hideHelp())
			.addOption(new Option("--text").hideHelp())
			.addOption(new Option("--offline").hideHelp())
			.addHelpText(
				"after",
				`\nAlso: --handset <id>, --json, --text, --offline (see persona --help)\n\nExamples:\n${indent(examples)}`,
			);
	const global = (sub: Command) => {
		const all: Global = sub.optsWithGlobals();
		const own: Global = sub.opts();
		return { handset: own.handset ?? all.handset, json: all.json === true || own.json === true, text: all.text === true };
	};
	/** Figures are JSON where no person reads them. */
	const figures = (sub: Command) => {
		const { handset, json, text } = global(sub);
		return { handset, json: json || (!terminal.interactive && !text) };
	};

	command("init", "make a project of your own in an empty folder", "persona init\npersona init my-phone --name my-phone")
		.argument("[folder]", "where; the current folder by default")
		.option("--name <name>", "the project's name; the folder's by default")
		.option("--package <source>", "what npm installs pulumi-persona from, such as a path; this version by default")
		.action(async (folder: string | undefined, options: { name?: string; package?: string }, sub: Command) => {
			const { init } = await import("./commands/init.ts");
			await init(terminal, folder, { name: options.name, package: options.package, json: global(sub).json });
		});

	const ps = command(
		"ps",
		"list all handsets, and what is left behind of some",
		"persona ps\npersona ps clean\npersona ps stop pocket",
	).action(async (_, sub: Command) => (await import("./commands/ps.ts")).ps(terminal, figures(sub)));
	ps.command("clean")
		.description("end processes and remove folders that no handset accounts for")
		.addOption(new Option("--json").hideHelp())
		.addOption(new Option("--text").hideHelp())
		.action(async (_, sub: Command) => (await import("./commands/ps.ts")).psClean(terminal, figures(sub)));
	ps.command("stop")
		.description("stop a whole handset; `pulumi up` starts it again")
		.argument("<handset>", "by id, its beginning or label")
		.action(async (name: string) => (await import("./commands/ps.ts")).psStop(terminal, name));

	const volume = command(
		"volume",
		"list volumes, and decide about those that were kept",
		"persona volume list\npersona volume adopt pocket-1a2b3c4d/work/data\npersona volume wipe pocket-1a2b3c4d/work/data",
	);
	volume
		.command("list")
		.description("list the volumes of all handsets, or of one")
		.addOption(new Option("--handset <id>").hideHelp())
		.addOption(new Option("--json").hideHelp())
		.addOption(new Option("--text").hideHelp())
		.action(async (_, sub: Command) => (await import("./commands/volume.ts")).volumeList(terminal, figures(sub)));
	volume
		.command("adopt")
		.description("let the next `pulumi up` take a kept volume over, in place of making an empty one")
		.argument("<volume>", "its id, as `persona volume list` shows it")
		.action(async (id: string) => (await import("./commands/volume.ts")).volumeAdopt(terminal, id));
	volume
		.command("wipe")
		.description("remove a kept volume for good")
		.argument("<volume>", "its id, as `persona volume list` shows it")
		.action(async (id: string) => (await import("./commands/volume.ts")).volumeWipe(terminal, id));

	const key = command(
		"key",
		"keys that sign images: make, list and rotate them",
		"persona key new release\npersona key list\npersona key rotate release",
	);
	key
		.command("new")
		.description("make a key: the private one for this machine alone, the public one for the project")
		.argument("<name>", "lower-case letters, digits and -")
		.option("--out <file>", "where the public key goes; keys/<name>.pub.pem in the project by default")
		.addOption(new Option("--json").hideHelp())
		.action(async (name: string, options: { out?: string }, sub: Command) =>
			(await import("./commands/key.ts")).keyNew(terminal, name, { out: options.out, json: global(sub).json }),
		);
	key
		.command("list")
		.description("list the private keys of this machine and the public ones of the project")
		.addOption(new Option("--json").hideHelp())
		.addOption(new Option("--text").hideHelp())
		.action(async (_, sub: Command) => done(await (await import("./commands/key.ts")).keyList(terminal, figures(sub))));
	key
		.command("rotate")
		.description("make the key that is to follow one, and say how the project's phones go over to it")
		.argument("<name>", "the key that signs now: its file is keys/<name>.pub.pem")
		.option("--to <name>", "the new key's name; the old one's with the next number by default")
		.addOption(new Option("--json").hideHelp())
		.action(async (name: string, options: { to?: string }, sub: Command) =>
			(await import("./commands/key.ts")).keyRotate(terminal, name, { to: options.to, json: global(sub).json }),
		);

	command(
		"check",
		"find everything that is wrong with documents",
		"persona check\npersona check --print personas/work.yaml\npersona check --json",
	)
		.argument("[documents...]", "documents of any kind; every phone of the project by default")
		.option("--print", "print the documents with every default filled in", false)
		.action(async (documents: string[], options: { print: boolean }, sub: Command) => {
			const { check } = await import("./commands/check.ts");
			done(await check(terminal, documents, { print: options.print, json: global(sub).json }));
		});

	command(
		"lock",
		"pin what guests are built from, in persona.lock.yaml",
		"persona lock\npersona lock --check\npersona lock --update",
	)
		.option("--check", "change nothing; say whether everything is locked", false)
		.option("--update", "take the newest of everything, not only what is missing", false)
		.action(async (options: { check: boolean; update: boolean }, sub: Command) => {
			const { lock } = await import("./commands/lock.ts");
			done(await lock(terminal, { ...options, json: global(sub).json }));
		});

	command(
		"fetch",
		"get everything the project takes from outside, for builds without a network",
		"persona fetch\npersona fetch --dry-run\npersona fetch --to /media/stick/persona",
	)
		.argument("[phones...]", "documents of phones whose files by URL are wanted, too; every phone of the project by default")
		.option("--dry-run", "only say what is missing, and what a build takes", false)
		.option("--to <folder>", "copy everything into a folder too, which PERSONA_MIRROR=file:///folder names elsewhere")
		.action(async (phones: string[], options: { dryRun: boolean; to?: string }, sub: Command) => {
			const { fetch } = await import("./commands/fetch.ts");
			done(await fetch(terminal, phones, { dryRun: options.dryRun, to: options.to, json: global(sub).json }));
		});

	command("env", "print what a shell needs so that plain `pulumi` works here", 'eval "$(persona env)"').action(
		async (_, sub: Command) => (await import("./commands/env.ts")).env(terminal, { json: global(sub).json }),
	);

	command("doctor", "check each thing needed from the machine, and name the fix", "persona doctor").action(
		async (_, sub: Command) => done((await import("./commands/doctor.ts")).doctor(terminal, { json: global(sub).json })),
	);

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

	command("status", "show what each persona does", "persona status\npersona status --watch\npersona status --json")
		.option("--watch", "go on until ^C", false)
		.action(async (options: { watch: boolean }, sub: Command) => {
			const { status } = await import("./commands/status.ts");
			await status(terminal, { ...figures(sub), watch: options.watch });
		});

	command(
		"console",
		"sit at a persona's console; Ctrl-] leaves it",
		"persona console work\necho 'uname -a' | persona console work --linger 2",
	)
		.argument("<persona>")
		.option("--linger <seconds>", "how long to show output after the end of an input that is no terminal", seconds, 1)
		.addHelpText(
			"after",
			"\nWhat the persona writes reaches your terminal as it is, escape sequences included: that is what a console is for.\nThe terminal is put right again when you leave. `persona logs` shows the same text made harmless.",
		)
		.action(async (persona: string, options: { linger: number }, sub: Command) => {
			const { console } = await import("./commands/console.ts");
			await console(terminal, persona, { handset: global(sub).handset, linger: options.linger });
		});

	command(
		"exec",
		"run a command in a persona, as root",
		"persona exec work uname -a\npersona exec work -- sh -c 'cat > /tmp/note' < note.txt\npersona exec work tar -C /etc -c . > etc.tar",
	)
		.usage("[options] <persona> [--] <command> [arguments...]")
		.argument("<persona>")
		.argument("<command...>")
		.passThroughOptions()
		.addHelpText(
			"after",
			"\nInput, output and errors are passed on as they are; the exit status is the command's (128 + the signal that ended it).\n^C interrupts the command, a second one kills it.",
		)
		.action(async (persona: string, words: string[], _, sub: Command) => {
			// What is passed through is so with the `--` that may stand before it.
			const line = words[0] === "--" ? words.slice(1) : words;
			if (line.length === 0) sub.error("error: missing required argument 'command'");
			const { exec } = await import("./commands/exec.ts");
			done(await exec(terminal, persona, line, { handset: global(sub).handset }));
		});

	command(
		"cp",
		"copy a file into a persona, or out of one",
		"persona cp report.pdf work:/root/\npersona cp work:/etc/hostname .\npersona cp work:/var/log/app.log - | less",
	)
		.argument("<from>", "a file, PERSONA:PATH, or - for standard input")
		.argument("<to>", "the same; a folder takes the file under its name, - is standard output")
		.action(async (from: string, to: string, _, sub: Command) => {
			const { cp } = await import("./commands/cp.ts");
			await cp(terminal, from, to, { handset: global(sub).handset });
		});

	for (const name of Object.keys(ACTIONS) as ActionName[]) {
		if (name === "switch") continue;
		command(name, ACTIONS[name], `persona ${name} work`)
			.argument("<persona>")
			.action(async (persona: string, _, sub: Command) => {
				const { act } = await import("./commands/control.ts");
				await act(terminal, name, persona, global(sub));
			});
	}

	command("switch", ACTIONS.switch, "persona switch work\npersona switch work --side-by-side")
		.argument("<persona>")
		.option("--side-by-side [other]", "show it beside another, by default the one in front till now; both are live")
		.action(async (persona: string, options: { sideBySide?: string | true }, sub: Command) => {
			const { switchTo } = await import("./commands/switch.ts");
			await switchTo(terminal, persona, { ...global(sub), sideBySide: options.sideBySide });
		});

	command(
		"screenshot",
		"write what is on the screen into a PNG file",
		"persona screenshot out.png\npersona screenshot work work.png\npersona screenshot --all out.png",
	)
		.usage("[options] [persona] <file>")
		.argument("<persona>", "whose picture, in front or not; what is on the screen by default")
		.argument("[file]", "where to; its name ends in .png")
		.option("--all", "a file a persona: out-work.png and so on", false)
		.action(async (first: string, second: string | undefined, options: { all: boolean }, sub: Command) => {
			const { screenshot } = await import("./commands/screenshot.ts");
			await screenshot(terminal, first, second, { ...global(sub), all: options.all });
		});

	command(
		"view",
		"show the handset in a browser: screen, switches, meters, consoles",
		"persona view\npersona view --port 8080 --no-open",
	)
		.option("--port <port>", "where on 127.0.0.1; any free port by default", port, 0)
		.option("--no-open", "open no browser, print the address only")
		.addHelpText(
			"after",
			"\nThe page goes when the command ends (Ctrl-C). Its address holds a secret that is new each time: give it to nobody.\nFrom another machine: ssh -NL 8080:127.0.0.1:8080 HOST there, `persona view --port 8080` here, then the printed address.",
		)
		.action(async (options: { port: number; open: boolean }, sub: Command) => {
			const { view } = await import("./commands/view.ts");
			await view(terminal, { ...options, ...global(sub) });
		});

	command(
		"logs",
		"show what a persona's console, or Veil, has said",
		"persona logs work\npersona logs veil --follow\npersona logs work --lines 20",
	)
		.argument("[log]", "a persona, or: veil (the default), panic, qemu, bridge")
		.option("-f, --follow", "go on as more comes", false)
		.option("-n, --lines <count>", "only so many lines from the end", count)
		.option("--raw", "bytes as they came, terminal escapes included", false)
		.action(async (what: string | undefined, options: { follow: boolean; lines?: number; raw: boolean }, sub: Command) => {
			const { logs } = await import("./commands/logs.ts");
			await logs(terminal, what, { ...options, lines: options.lines, handset: global(sub).handset });
		});

	command("statistics", "count each persona's exits into Veil by cause", "persona statistics\npersona statistics work --json")
		.argument("[persona]", "all of them by default")
		.action(async (persona: string | undefined, _, sub: Command) => {
			const { statistics } = await import("./commands/control.ts");
			await statistics(terminal, persona, figures(sub));
		});

	command(
		"gc",
		"remove from the store, and of what Buildroot keeps, what was not used for a while",
		"persona gc --dry-run\npersona gc --keep-days 0",
	)
		.option("--keep-days <days>", "keep what was used within so many days", count, 30)
		.option("--dry-run", "only say what would go", false)
		.action(async (options: { keepDays: number; dryRun: boolean }, sub: Command) => {
			const { gc } = await import("./commands/gc.ts");
			await gc(terminal, { ...options, json: global(sub).json });
		});

	command("help", "show how a command is used", "persona help console")
		.argument("[command]")
		.action((name: string | undefined, _, sub: Command) => {
			const about = name === undefined ? program : program.commands.find((candidate) => candidate.name() === name);
			if (about === undefined) sub.error(`error: unknown command '${name}'`);
			else about.help();
		});

	command("completion", "print the completion script of a shell", "source <(persona completion bash)")
		.addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
		.action(async (shell: "bash" | "zsh" | "fish") => {
			const { completionScript } = await import("./completion.ts");
			print(terminal, completionScript(shell));
		});

	program
		.command("complete", { hidden: true })
		.argument("[words...]")
		.action(async (words: string[]) => {
			const { completions } = await import("./completion.ts");
			const found = await completions(program, words);
			if (found.length > 0) print(terminal, found.join("\n"));
		});
	return program;
}

/** A file is read by programs, unless a person's format is asked for. */
function fileFormat(
	format: "text" | "markdown" | "json",
	{ output }: { output?: string | undefined },
): "text" | "markdown" | "json" {
	return output !== undefined && format === "text" ? "json" : format;
}

function indent(lines: string): string {
	return lines.replace(/^/gm, "  ");
}

function count(text: string): number {
	if (/^\d{1,6}$/.test(text)) return Number(text);
	throw new InvalidArgumentError("a whole number is needed");
}

function port(text: string): number {
	if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
	throw new InvalidArgumentError("a port is a number up to 65535");
}

function uri(text: string): string {
	if (URL.canParse(text)) return text;
	throw new InvalidArgumentError("a URI is needed, such as https://ci.example.org/phones");
}

function seconds(text: string): number {
	if (/^\d{1,4}(\.\d+)?$/.test(text)) return Number(text);
	throw new InvalidArgumentError("a number of seconds is needed");
}
