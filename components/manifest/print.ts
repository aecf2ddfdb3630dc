// SPDX-License-Identifier: Apache-2.0
// Prints a document as YAML with all defaults filled in.
import { stringify } from "yaml";
import type { AnyDocument, Loaded } from "./loaded.ts";

/** YAML of the document with every default written out; the same document always gives the same bytes. */
export function printDocument(loaded: Loaded<AnyDocument>): string {
	return stringify(loaded.document, { version: "1.2", schema: "core", lineWidth: 0, aliasDuplicateObjects: false });
}
