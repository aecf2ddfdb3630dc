// SPDX-License-Identifier: Apache-2.0
// Checks that reach across documents; everything other stages may use of them.
export { checkFiles, checkPhone, type FilesResult, loadAndCheckParts, loadAndCheckPersona, loadAndCheckPhone } from "./check.ts";
