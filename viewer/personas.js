// SPDX-License-Identifier: Apache-2.0
// One card a persona: the button that brings it to the front, in its colour, and what it uses.
import { make, say } from "./dom.js";
import { menuButton } from "./menu.js";
import { Meter } from "./meter.js";

/** @typedef {import("../components/viewer/messages.ts").ShownPersona} ShownPersona */
/** @typedef {import("../components/viewer/messages.ts").PersonaAction} PersonaAction */
/**
 * @typedef {object} Actions
 * @property {(persona: string) => void} switchTo
 * @property {(action: PersonaAction, persona: string) => void} act
 * @property {(persona: ShownPersona) => void} toggleConsole
 */

/** A line of history is a second; what comes in between only moves the bars. */
const KEEP_MS = 900;

export class Personas {
	#list;
	#actions;
	/** @type {Map<string, Card>} */
	#cards = new Map();
	#kept = 0;

	/**
	 * @param {HTMLElement} list
	 * @param {Actions} actions
	 */
	constructor(list, actions) {
		this.#list = list;
		this.#actions = actions;
	}

	/** @param {readonly ShownPersona[]} personas */
	show(personas) {
		const names = personas.map(({ name }) => name);
		if (names.join() !== [...this.#cards.keys()].join()) {
			this.#cards = new Map(personas.map((persona, index) => [persona.name, new Card(persona, index, this.#actions)]));
			this.#list.replaceChildren(...[...this.#cards.values()].map(({ element }) => element));
		}
		const keep = performance.now() - this.#kept >= KEEP_MS;
		if (keep) this.#kept = performance.now();
		for (const persona of personas) this.#cards.get(persona.name)?.show(persona, keep);
	}

	/**
	 * Marks which consoles are open.
	 * @param {(persona: string) => boolean} isOpen
	 */
	markConsoles(isOpen) {
		for (const [name, card] of this.#cards) card.console.setAttribute("aria-pressed", `${isOpen(name)}`);
	}
}

class Card {
	element;
	console;
	#switch;
	#label = make("span", "label");
	#front = make("span", "front");
	#state = make("span", "state");
	#note = make("p", "note");
	#cpu = new Meter("CPU", true);
	#memory = new Meter("Memory", false);
	/** @type {ShownPersona} */
	#persona;

	/**
	 * @param {ShownPersona} persona
	 * @param {number} index
	 * @param {Actions} actions
	 */
	constructor(persona, index, actions) {
		this.#persona = persona;
		this.#switch = make("button", "switch", [this.#label, this.#front]);
		this.#switch.dataset.persona = persona.name;
		if (index < 9) this.#switch.setAttribute("aria-keyshortcuts", `Control+Alt+${index + 1}`);
		this.#switch.title = index < 9 ? `Ctrl+Alt+${index + 1}` : "";
		this.#switch.addEventListener("click", () => actions.switchTo(persona.name));
		this.console = make("button", "quiet", "Console");
		this.console.dataset.console = persona.name;
		this.console.addEventListener("click", () => actions.toggleConsole(this.#persona));
		const line = make("div", "line", [this.#state, this.console, menuButton(() => this.#persona, actions.act)]);
		this.element = make("li", "persona", [this.#switch, line, this.#cpu.element, this.#memory.element, this.#note]);
	}

	/**
	 * @param {ShownPersona} persona
	 * @param {boolean} keep
	 */
	show(persona, keep) {
		this.#persona = persona;
		const {
			label,
			colour,
			ink,
			state,
			ready,
			foreground,
			beside,
			cpuPercent,
			cpuCount,
			memoryMiB,
			memoryTotalMiB,
			restarts,
			note,
		} = persona;
		this.element.style.setProperty("--colour", colour);
		this.element.style.setProperty("--ink", ink);
		this.element.classList.toggle("in-front", foreground);
		this.element.classList.toggle("beside", beside);
		this.element.dataset.state = ready && state === "running" ? "ready" : state;
		say(this.#label, label);
		say(this.#front, foreground ? "in front" : beside ? "beside it" : "bring to front");
		this.#switch.setAttribute("aria-pressed", `${foreground}`);
		const again = restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"}`;
		say(this.#state, `${ready && state === "running" ? "ready" : state}${again}`);
		this.#cpu.set(cpuPercent / 100 / cpuCount, `${cpuPercent.toFixed(1)} %`, keep);
		this.#memory.set(memoryMiB / memoryTotalMiB, `${memoryMiB.toFixed(0)} of ${memoryTotalMiB.toFixed(0)} MiB`, keep);
		say(this.#note, note);
		this.#note.hidden = note === "";
	}
}
