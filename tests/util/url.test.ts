// SPDX-License-Identifier: Apache-2.0
// Names and passwords in addresses are shown to nobody.
import { expect, test } from "vitest";
import { withoutCredentials } from "../../components/util/url.ts";

test.each([
	["https://me:secret@files.example:8443/a%20b?c#d", "https://files.example:8443/a%20b?c#d"],
	["https://token@files.example/", "https://files.example/"],
	["https://files.example/a@b", "https://files.example/a@b"],
	["HTTPS://Files.example", "HTTPS://Files.example"],
	["file:///folder/a@b", "file:///folder/a@b"],
	["no address", "no address"],
])("%s is shown as %s", (address, shown) => {
	expect(withoutCredentials(address)).toBe(shown);
});
