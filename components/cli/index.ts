// SPDX-License-Identifier: Apache-2.0
// The `persona` command.
export { EXIT, type ExitCode } from "./exit-codes.ts";
export { main, runCommand } from "./main.ts";
