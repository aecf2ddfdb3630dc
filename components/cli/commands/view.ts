// SPDX-License-Identifier: Apache-2.0
// `persona view`: shows a handset in a browser until the command ends.
import { spawn } from "node:child_process";
import { hostname, userInfo } from "node:os";
import { openViewer } from "../../viewer/index.ts";
import { chooseHandset } from "../choose.ts";
import { print, printJson, styled, type Terminal } from "../terminal.ts";

export interface ViewOptions {
	readonly handset?: string | undefined;
	readonly json: boolean;
	/** 0: any free one. */
	readonly port: number;
	/** Whether to open a browser where there is one. */
	readonly open: boolean;
}

export async function view(terminal: Terminal, options: ViewOptions): Promise<void> {
	const handset = await chooseHandset(options.handset);
	const warn = (text: string) => void terminal.err.write(`${styled(terminal, "yellow", "persona:")} ${text}\n`);
	const viewer = await openViewer({ handset: handset.id, port: options.port, warn });
	const ended = untilEnded();
	const { port, url } = viewer;
	if (options.json) printJson(terminal, { handset: handset.id, port, url });
	else {
		print(terminal, `${styled(terminal, "bold", handset.id)} is shown at ${styled(terminal, "cyan", url)}`);
		const remote = `ssh -NL ${port}:127.0.0.1:${port} ${userInfo().username}@${hostname()}`;
		print(terminal, styled(terminal, "dim", `From another machine: \`${remote}\` there, then the same address. Ctrl-C ends it.`));
	}
	if (options.open && terminal.interactive && hasDesktop(process.env)) openBrowser(url);
	await ended;
	await viewer.close();
}

/** A browser would open on a screen that this user looks at. */
function hasDesktop({ DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION }: NodeJS.ProcessEnv): boolean {
	return !SSH_CONNECTION && Boolean(DISPLAY || WAYLAND_DISPLAY);
}

/** The user's own choice of browser; where there is none, the printed address is enough. */
function openBrowser(url: string): void {
	const child = spawn("xdg-open", [url], { detached: true, stdio: "ignore" });
	child.on("error", () => {});
	child.unref();
}

function untilEnded(): Promise<void> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
	});
}
