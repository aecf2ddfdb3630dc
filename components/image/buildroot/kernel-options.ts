// SPDX-License-Identifier: Apache-2.0
// Whether the options that a kernel was to have came into force: Kconfig drops what it does not know, and what depends on something that is off.
import { UserError } from "../../util/errors.ts";
import { lostOptions } from "../linux-options.ts";

/** @throws UserError that names the options that are not in a kernel's configuration; `places` tells where a document asks for them */
export function checkOptions(options: readonly string[], configuration: string, places: Readonly<Record<string, string>>): void {
	const lost = lostOptions(options, configuration);
	if (lost.length === 0) return;
	const version = /^# Linux\/\S+ (\S+) Kernel Configuration$/m.exec(configuration)?.[1] ?? "";
	const sentences = lost.map((line) =>
		`${places[line] ?? "builder buildroot"}: Linux ${version} does not take ${line}`.replace("  ", " "),
	);
	throw new UserError(sentences.join("\n"), {
		remedy:
			"correct guest.config of the persona: an option may not exist, may depend on others that have to be asked for, too, or on modules, which there are none of",
	});
}
