// SPDX-License-Identifier: Apache-2.0
// A meter: a name, a bar, a figure, and, where asked for, the last minute as a line.
import { make, say } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** One a second. */
const POINTS = 60;
const HEIGHT = 24;

export class Meter {
	element;
	#bar;
	#figure;
	#line;
	/** @type {number[]} */
	#past = [];

	/**
	 * @param {string} name
	 * @param {boolean} history
	 */
	constructor(name, history) {
		this.#bar = make("span", "bar", [make("i")]);
		this.#figure = make("span", "figure");
		const parts = [make("span", "name", name), this.#bar, this.#figure];
		this.element = make("div", "meter", parts);
		this.element.setAttribute("role", "meter");
		this.element.setAttribute("aria-label", name);
		this.element.setAttribute("aria-valuemin", "0");
		this.element.setAttribute("aria-valuemax", "100");
		if (history) {
			const svg = document.createElementNS(SVG, "svg");
			svg.setAttribute("viewBox", `0 0 ${POINTS - 1} ${HEIGHT}`);
			svg.setAttribute("preserveAspectRatio", "none");
			svg.setAttribute("aria-hidden", "true");
			this.#line = [document.createElementNS(SVG, "path"), document.createElementNS(SVG, "path")];
			this.#line.forEach((path, index) => {
				path.setAttribute("class", index === 0 ? "area" : "line");
			});
			svg.append(...this.#line);
			this.element.append(svg);
		}
	}

	/**
	 * @param {number} share 0 to 1
	 * @param {string} figure
	 * @param {boolean} keep whether it belongs to the history
	 */
	set(share, figure, keep) {
		const bounded = Math.min(1, Math.max(0, share));
		this.#bar.style.setProperty("--share", `${bounded}`);
		say(this.#figure, figure);
		this.element.setAttribute("aria-valuenow", `${Math.round(bounded * 100)}`);
		this.element.setAttribute("aria-valuetext", figure);
		if (this.#line === undefined || !keep) return;
		this.#past.push(bounded);
		if (this.#past.length > POINTS) this.#past.shift();
		const from = POINTS - this.#past.length;
		const points = this.#past.map((value, index) => `${from + index},${(HEIGHT - 1 - value * (HEIGHT - 2)).toFixed(2)}`);
		this.#line[0]?.setAttribute("d", `M${from},${HEIGHT}L${points.join("L")}L${POINTS - 1},${HEIGHT}Z`);
		this.#line[1]?.setAttribute("d", `M${points.join("L")}`);
	}
}
