// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Text is only ever set as text, so that nothing a guest says can become a part of the page.

/**
 * The element with this id, which the page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
	const found = document.getElementById(id);
	if (found === null) throw new Error(`the page has no #${id}`);
	return found;
}

/**
 * A new element with a class, a text, and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {string | readonly Node[]} content
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className = "", content = "") {
	const element = document.createElement(tag);
	if (className !== "") element.className = className;
	if (typeof content === "string") element.textContent = content;
	else element.append(...content);
	if (element instanceof HTMLButtonElement) element.type = "button";
	return element;
}

/**
 * Sets a text, unless it is there already: an assistive device would tell it again.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
	if (element.textContent !== text) element.textContent = text;
}
