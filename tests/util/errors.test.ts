// SPDX-License-Identifier: Apache-2.0
// A user's fault is shown with its place and remedy and no stack; a bug is shown with its stack.
import { expect, test } from "vitest";
import { renderError, UserError } from "../../components/util/index.ts";

test("a user's fault has no stack", () => {
	const fault = new UserError("memoryMiB must be at least 64", { where: "work.yaml:3:5", remedy: "raise it" });
	expect(renderError(fault)).toBe("work.yaml:3:5: memoryMiB must be at least 64\n  raise it");
});

test("a bug has one", () => {
	expect(renderError(new TypeError("oops"))).toMatch(/TypeError: oops\n\s+at /);
});
