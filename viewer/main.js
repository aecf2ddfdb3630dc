// SPDX-License-Identifier: Apache-2.0
// Puts the page together: what the server tells is shown, what a person does is asked for.
import { Consoles } from "./consoles.js";
import { byId, make, say } from "./dom.js";
import { openLink } from "./link.js";
import { Personas } from "./personas.js";
import { Screen } from "./screen.js";

/** @typedef {import("../components/viewer/messages.ts").FromServer} FromServer */
/** @typedef {import("../components/viewer/messages.ts").StatusMessage} StatusMessage */

const NOTICE_MS = 6000;

allowStyles();

/** @type {StatusMessage | undefined} */
let status;
let pixels = false;
/**
 * Who is in front, and who was before.
 * @type {string[]}
 */
let shownBefore = [];

const screen = new Screen(byId("screen"), (shown) => {
	pixels = shown;
	cover();
});
// Not after the first status: both come at the same time so.
screen.show();
const link = openLink({
	message: receive,
	lost: () => gone("The viewer does not answer", "Has `persona view` ended?"),
	ended: () => gone("The viewer has been closed", "`persona view` opens it again."),
});
const consoles = new Consoles(byId("consoles"), () => personas.markConsoles((name) => consoles.isOpen(name)));
const personas = new Personas(byId("personas"), {
	switchTo,
	act: (action, persona) => link.send({ do: action, persona }),
	toggleConsole: (persona) => void consoles.toggle(persona),
});

byId("beside").addEventListener("click", sideBySide);
byId("fullscreen").addEventListener("click", async () => {
	await byId("phone").requestFullscreen();
	screen.focus();
});
// Before anything else sees them: neither the handset nor a console may swallow the keys that lead out of it.
document.addEventListener("keydown", shortcut, true);
for (const event of ["focusin", "focusout"]) document.addEventListener(event, () => setTimeout(hint));
hint();

/** @param {FromServer} message */
function receive(message) {
	if (message.kind === "refused") return notice(message.problem);
	if (message.kind === "gone") return gone("The handset does not run", message.problem);
	status = message;
	const front = message.personas.find(({ foreground }) => foreground);
	if (front !== undefined && front.name !== shownBefore[0]) shownBefore = [front.name, ...shownBefore].slice(0, 2);
	byId("beside").hidden = !message.hasScreen || message.personas.length < 2;
	byId("beside").setAttribute("aria-pressed", `${message.personas.some(({ beside }) => beside)}`);
	document.title = front === undefined ? message.handset : `${front.label} — ${message.handset}`;
	document.documentElement.style.setProperty("--front", front?.colour ?? "transparent");
	say(byId("handset"), message.handset);
	say(byId("facts"), `${message.board} · up ${span(message.uptimeSeconds)} · image ${message.image}`);
	say(byId("veil"), `CPUs busy ${message.cpuBusy.toFixed(2)} of ${message.cpus} · Veil uses ${message.veilMiB.toFixed(1)} MiB`);
	personas.show(message.personas);
	personas.markConsoles((name) => consoles.isOpen(name));
	if (message.hasScreen) screen.show(message.boot);
	else screen.hide();
	cover();
}

/**
 * Nothing more can be seen.
 * @param {string} what
 * @param {string} why
 */
function gone(what, why) {
	status = undefined;
	document.documentElement.style.setProperty("--front", "transparent");
	document.title = `persona: ${what}`;
	screen.hide();
	cover(what, why);
}

/** @param {string} persona */
function switchTo(persona) {
	link.send({ do: "switch", persona });
	// Who switches goes on there.
	if (screen.hasKeyboard) screen.focus();
}

/** Two on the screen: the one in front and the one that was before, or else the next; or, when there are two, one again. */
function sideBySide() {
	const { personas: all = [] } = status ?? {};
	const front = all.findIndex(({ foreground }) => foreground);
	const beside = all.find((persona) => persona.beside);
	const other = all.find(({ name, foreground }) => name === shownBefore[1] && !foreground) ?? all[(front + 1) % all.length];
	if (beside !== undefined) link.send({ do: "alone", persona: beside.name });
	else if (other !== undefined) link.send({ do: "beside", persona: other.name });
}

/**
 * What lies over the screen while it shows nothing.
 * @param {string} what
 * @param {string} why
 */
function cover(what = "Connecting …", why = "") {
	const element = byId("cover");
	element.hidden = pixels && status !== undefined;
	if (element.hidden) return;
	if (status?.hasScreen === false)
		[what, why] = ["This phone has no screen", "None of its personas has `devices: { display: true }`."];
	const text = `${what}\n${why}`;
	if (element.dataset.text === text) return;
	element.dataset.text = text;
	element.replaceChildren(make("strong", "", what), make("pre", "", why));
}

/** @param {KeyboardEvent} event */
function shortcut(event) {
	if (!event.ctrlKey || !event.altKey || event.getModifierState("AltGraph")) return;
	const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
	const chosen = digit === undefined ? undefined : status?.personas[Number(digit) - 1];
	if (event.code === "Home") screen.leave();
	else if (event.code === "Digit0") sideBySide();
	else if (chosen !== undefined) switchTo(chosen.name);
	else return;
	event.preventDefault();
	event.stopPropagation();
}

/** Tells where keys go. */
function hint() {
	const on = screen.hasKeyboard;
	byId("phone").classList.toggle("has-keyboard", on);
	const count = status?.personas.length ?? 2;
	say(
		byId("hint"),
		on
			? `Keys go to the handset. Ctrl+Alt+Home takes them back, Ctrl+Alt+1 to ${count} switches.`
			: "Click the screen, or press Enter on it, to type there.",
	);
}

/** @param {string} text */
function notice(text) {
	const element = make("p", "", text);
	byId("notices").append(element);
	setTimeout(() => element.remove(), NOTICE_MS);
}

/** @param {number} seconds */
function span(seconds) {
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	return minutes < 1440 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} d`;
}

/** xterm.js makes style sheets; the page's policy lets in those that know this load's nonce. */
function allowStyles() {
	const nonce = document.querySelector("script")?.nonce ?? "";
	const create = document.createElement.bind(document);
	document.createElement = (/** @type {string} */ name, /** @type {ElementCreationOptions | undefined} */ options) => {
		const element = create(name, options);
		if (element instanceof HTMLStyleElement) element.nonce = nonce;
		return element;
	};
}
