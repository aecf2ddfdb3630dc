// SPDX-License-Identifier: Apache-2.0
// Values of options, read and checked.
import { InvalidArgumentError } from "commander";

/** A whole number. @throws InvalidArgumentError when it is none */
export function count(text: string): number {
	if (/^\d{1,6}$/.test(text)) return Number(text);
	throw new InvalidArgumentError("a whole number is needed");
}

/** A TCP port; 0 is any. @throws InvalidArgumentError when it is none */
export function port(text: string): number {
	if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
	throw new InvalidArgumentError("a port is a number up to 65535");
}

/** A URI, as it is written. @throws InvalidArgumentError when it is none */
export function uri(text: string): string {
	if (URL.canParse(text)) return text;
	throw new InvalidArgumentError("a URI is needed, such as https://ci.example.org/phones");
}

/** A number of seconds. @throws InvalidArgumentError when it is none */
export function seconds(text: string): number {
	if (/^\d{1,4}(\.\d+)?$/.test(text)) return Number(text);
	throw new InvalidArgumentError("a number of seconds is needed");
}
