// SPDX-License-Identifier: Apache-2.0
// A user's fault is shown with its place and remedy and no stack; a bug is shown with its stack.
import { expect, test } from "vitest";
import { noteLog, renderError, UserError } from "../../components/util/errors.ts";

test("a user's fault has no stack", () => {
	const fault = new UserError("memoryMiB must be at least 64", { where: "work.yaml:3:5", remedy: "raise it" });
	expect(renderError(fault)).toBe("work.yaml:3:5: memoryMiB must be at least 64\n  raise it");
});

test("a bug has one", () => {
	expect(renderError(new TypeError("oops"))).toMatch(/TypeError: oops\n\s+at /);
});

test("an error of a build says where its log is, whatever kind of error it is, and the innermost build's counts", () => {
	const fault = new UserError("Veil does not compile", { remedy: "correct it" });
	expect(noteLog(noteLog(fault, "/store/logs/inner.log"), "/store/logs/outer.log")).toBe(fault);
	expect(fault.render()).toBe("Veil does not compile\n  correct it\n  log: /store/logs/inner.log");
	const bug = noteLog(new Error("broken"), "/store/logs/a.log");
	expect(renderError(bug)).toMatch(/^Error: broken\n[\s\S]*\n {2}log: \/store\/logs\/a\.log$/);
	expect(noteLog("no error", "/x")).toBe("no error");
});
