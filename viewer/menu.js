// SPDX-License-Identifier: Apache-2.0
// What can be done with a persona besides switching to it, behind a button: only what its state allows.
import { make } from "./dom.js";

/** @typedef {import("../components/viewer/messages.ts").PersonaAction} PersonaAction */
/** @typedef {import("../components/viewer/messages.ts").ShownPersona} ShownPersona */

/** @type {Readonly<Record<string, readonly [PersonaAction, string][]>>} */
const CHOICES = {
	running: [
		["pause", "Pause"],
		["restart", "Restart"],
		["stop", "Stop"],
	],
	paused: [
		["resume", "Resume"],
		["stop", "Stop"],
	],
};
/** @type {readonly [PersonaAction, string][]} */
const ENDED = [["start", "Start"]];

/**
 * The button that opens the menu.
 * @param {() => ShownPersona} persona as it is now
 * @param {(action: PersonaAction, persona: string) => void} act
 */
export function menuButton(persona, act) {
	const button = make("button", "quiet", "⋯");
	button.setAttribute("aria-haspopup", "menu");
	button.setAttribute("aria-label", `More for ${persona().label}`);
	button.addEventListener("click", () => open(button, persona(), act));
	return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {ShownPersona} persona
 * @param {(action: PersonaAction, persona: string) => void} act
 */
function open(button, { name, state }, act) {
	const items = (CHOICES[state] ?? ENDED).map(([action, text]) => {
		const item = make("button", "", text);
		item.setAttribute("role", "menuitem");
		item.dataset.action = action;
		item.addEventListener("click", () => {
			menu.hidePopover();
			act(action, name);
		});
		return item;
	});
	const menu = make("div", "menu", items);
	menu.setAttribute("role", "menu");
	menu.popover = "auto";
	menu.addEventListener("toggle", ({ newState }) => {
		if (newState !== "closed") return;
		menu.remove();
		button.focus();
	});
	menu.addEventListener("keydown", (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step === undefined) return;
		event.preventDefault();
		const at = items.findIndex((item) => item.matches(":focus"));
		items[(at + step + items.length) % items.length]?.focus();
	});
	button.after(menu);
	const { bottom, right } = button.getBoundingClientRect();
	menu.showPopover();
	menu.style.top = `${Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
	menu.style.left = `${right - menu.offsetWidth}px`;
	items[0]?.focus();
}
