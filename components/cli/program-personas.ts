// SPDX-License-Identifier: Apache-2.0
// The commands about the personas of a handset: what they do, their consoles, screens and files, and what decides about them.
import type { Command } from "commander";
import { ACTIONS, type ActionName } from "./actions.ts";
import { count, port, seconds } from "./argument-values.ts";
import type { Frame } from "./program-frame.ts";

/** Adds the commands about personas to the program. */
export function personaCommands({ command, global, figures, terminal, done }: Frame): void {
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
}
