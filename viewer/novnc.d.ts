// SPDX-License-Identifier: Apache-2.0
// As much of noVNC as the page uses; see docs/API.md in its package.
declare module "@novnc/novnc" {
	class RFB extends EventTarget {
		constructor(target: HTMLElement, url: string);
		scaleViewport: boolean;
		background: string;
		focus(options?: FocusOptions): void;
		disconnect(): void;
	}

	export { RFB as default };
}
