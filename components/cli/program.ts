// SPDX-License-Identifier: Apache-2.0
// The `persona` command: its sub-commands, options and help. Each calls a stage; the work is done there.
import { Argument, Command, Option } from "commander";
import { goOffline } from "../util/network.ts";
import { packageVersion } from "../util/version.ts";
import { count } from "./argument-values.ts";
import { EXIT_HELP, type ExitCode } from "./exit-codes.ts";
import { frameOf } from "./program-frame.ts";
import { imageCommands } from "./program-images.ts";
import { personaCommands } from "./program-personas.ts";
import { print, type Terminal } from "./terminal.ts";

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
	const frame = frameOf(program, terminal, done);
	const { command, global, figures } = frame;

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

	imageCommands(frame);
	personaCommands(frame);

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
