// SPDX-License-Identifier: Apache-2.0
// Why a place did not give a file.

/** It does not have it, has another, could not be asked, refused, stopped in the middle or said nothing more. */
export type FaultKind = "gone" | "wrong" | "unreachable" | "refused" | "cut" | "stalled";

/** A place that did not give a file. */
export class SourceFault extends Error {
	readonly kind: FaultKind;

	/** `message` is what a user reads behind the address. */
	constructor(kind: FaultKind, message: string, cause?: unknown) {
		super(message, cause === undefined ? {} : { cause });
		this.name = "SourceFault";
		this.kind = kind;
	}
}
