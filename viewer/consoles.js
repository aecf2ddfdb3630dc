// SPDX-License-Identifier: Apache-2.0
// Serial consoles, one pane each. What a guest writes drives its own terminal here and nothing else: no titles, links, clipboard or windows.
import { make } from "./dom.js";
import { socketAddress } from "./link.js";

/** @typedef {import("../components/viewer/messages.ts").ShownPersona} ShownPersona */
/** @typedef {import("@xterm/xterm").Terminal} Terminal */
/** @typedef {import("@xterm/addon-fit").FitAddon} FitAddon */

const AGAIN_MS = 1000;
/** Bytes that xterm.js has not drawn yet above which the socket's reader, and so the guest's output, waits. */
const SCROLLBACK = 5000;

export class Consoles {
	#drawer;
	#changed;
	/** @type {Map<string, Console>} */
	#open = new Map();

	/**
	 * @param {HTMLElement} drawer
	 * @param {() => void} changed told when one is opened or closed
	 */
	constructor(drawer, changed) {
		this.#drawer = drawer;
		this.#changed = changed;
		new ResizeObserver(() => {
			for (const one of this.#open.values()) one.fit();
		}).observe(drawer);
	}

	/** @param {string} persona */
	isOpen(persona) {
		return this.#open.has(persona);
	}

	/** @param {ShownPersona} persona */
	async toggle(persona) {
		const { name } = persona;
		const there = this.#open.get(name);
		if (there !== undefined) {
			this.#open.delete(name);
			there.close();
			this.#drawer.hidden = this.#open.size === 0;
		} else {
			const one = new Console(persona, () => void this.toggle(persona));
			this.#open.set(name, one);
			this.#drawer.hidden = false;
			this.#drawer.append(one.element);
			await one.start();
		}
		for (const one of this.#open.values()) one.fit();
		this.#changed();
	}
}

class Console {
	element;
	#name;
	#place = make("div", "terminal");
	/** @type {Terminal | undefined} */
	#terminal;
	/** @type {FitAddon | undefined} */
	#fit;
	/** @type {WebSocket | undefined} */
	#socket;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#again;
	/** What is shown is the past: what a terminal answers to it must not reach the guest. */
	#past = true;
	#closed = false;

	/**
	 * @param {ShownPersona} persona
	 * @param {() => void} close
	 */
	constructor({ name, label, colour, ink }, close) {
		this.#name = name;
		const button = make("button", "quiet", "Close");
		button.setAttribute("aria-label", `Close the console of ${label}`);
		button.addEventListener("click", close);
		this.element = make("section", "console", [
			make("h2", "", [make("span", "chip", label), make("span", "", "console"), button]),
			this.#place,
		]);
		this.element.setAttribute("aria-label", `Console of ${label}`);
		this.element.style.setProperty("--colour", colour);
		this.element.style.setProperty("--ink", ink);
	}

	async start() {
		const [{ Terminal }, { FitAddon }] = await Promise.all([import("@xterm/xterm"), import("@xterm/addon-fit")]);
		if (this.#closed) return;
		this.#terminal = new Terminal({
			cursorBlink: true,
			fontFamily: "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace",
			fontSize: 13,
			scrollback: SCROLLBACK,
			screenReaderMode: true,
			theme: { background: "#0b0e13", foreground: "#d7dde5", cursor: "#d7dde5", selectionBackground: "#34507a" },
			// A guest's links lead nowhere.
			linkHandler: { activate: () => {} },
		});
		this.#fit = new FitAddon();
		this.#terminal.loadAddon(this.#fit);
		this.#terminal.open(this.#place);
		this.#terminal.onData((text) => this.#send(text));
		this.#connect();
		this.fit();
		this.#terminal.focus();
	}

	fit() {
		this.#fit?.fit();
	}

	close() {
		this.#closed = true;
		clearTimeout(this.#again);
		this.#socket?.close();
		this.#terminal?.dispose();
		this.element.remove();
	}

	#connect() {
		const socket = new WebSocket(socketAddress(`console/${this.#name}`));
		socket.binaryType = "arraybuffer";
		this.#past = true;
		let first = true;
		socket.addEventListener("message", ({ data }) => {
			const bytes = new Uint8Array(data);
			if (!first) return this.#terminal?.write(bytes);
			first = false;
			this.#terminal?.reset();
			this.#terminal?.write(bytes, () => {
				this.#past = false;
			});
		});
		socket.addEventListener("close", () => {
			if (!this.#closed) this.#again = setTimeout(() => this.#connect(), AGAIN_MS);
		});
		this.#socket = socket;
	}

	/**
	 * Sends what is typed, and what the terminal answers while somebody sits at it.
	 * @param {string} text
	 */
	#send(text) {
		const typing = this.element.contains(document.activeElement);
		if (this.#past || !typing || this.#socket?.readyState !== WebSocket.OPEN) return;
		this.#socket.send(new TextEncoder().encode(text));
	}
}
