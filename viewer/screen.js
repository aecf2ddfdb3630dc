// SPDX-License-Identifier: Apache-2.0
// The handset's screen: its pixels, and the mouse, touch and keyboard that go to whoever is in front.
import RFB from "@novnc/novnc";
import { socketAddress } from "./link.js";

const AGAIN_MS = 700;

export class Screen {
	/** @type {RFB | undefined} */
	#rfb;
	/**
	 * Of the handset whose screen this is; undefined while it is not known.
	 * @type {string | undefined}
	 */
	#boot;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#again;
	#element;
	#shown;

	/**
	 * @param {HTMLElement} element
	 * @param {(shown: boolean) => void} shown told when pixels come, and when they come no more
	 */
	constructor(element, shown) {
		this.#element = element;
		this.#shown = shown;
		element.tabIndex = 0;
		element.setAttribute("role", "application");
		element.setAttribute("aria-label", "The handset's screen. Enter gives it the keyboard; Control Alt Home takes it back.");
		element.addEventListener("keydown", (event) => {
			if (event.target !== element || event.key !== "Enter") return;
			event.preventDefault();
			this.focus();
		});
		// Keys that are down when the keyboard goes elsewhere are let go there and never here: none may stick.
		// noVNC does that when the window loses the keyboard, and this is the same.
		element.addEventListener("focusout", () => window.dispatchEvent(new FocusEvent("blur")));
	}

	/** The keyboard goes to the handset. */
	get hasKeyboard() {
		return document.activeElement instanceof HTMLCanvasElement && this.#element.contains(document.activeElement);
	}

	/**
	 * Shows the screen of this boot of the handset, or of whichever runs.
	 * @param {string} [boot]
	 */
	show(boot) {
		const fresh = boot !== this.#boot && this.#boot !== undefined;
		if (fresh) this.hide();
		this.#boot = boot;
		if (this.#rfb === undefined && this.#again === undefined) this.#connect();
	}

	hide() {
		clearTimeout(this.#again);
		this.#again = undefined;
		this.#boot = undefined;
		const rfb = this.#rfb;
		this.#rfb = undefined;
		rfb?.disconnect();
		this.#shown(false);
	}

	focus() {
		this.#rfb?.focus({ preventScroll: true });
	}

	/** Takes the keyboard back: the next Tab goes on from the screen. */
	leave() {
		this.#element.focus({ preventScroll: true });
	}

	#connect() {
		this.#again = undefined;
		const rfb = new RFB(this.#element, socketAddress("screen"));
		rfb.scaleViewport = true;
		rfb.background = "transparent";
		rfb.addEventListener("connect", () => {
			if (rfb !== this.#rfb) return;
			const canvas = this.#element.querySelector("canvas");
			if (canvas !== null) this.#element.style.setProperty("--aspect", `${canvas.width / canvas.height}`);
			this.#shown(true);
		});
		rfb.addEventListener("disconnect", () => {
			if (rfb !== this.#rfb) return;
			this.#rfb = undefined;
			this.#shown(false);
			this.#again = setTimeout(() => this.#connect(), AGAIN_MS);
		});
		this.#rfb = rfb;
	}
}
