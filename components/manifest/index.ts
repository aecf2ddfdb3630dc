// SPDX-License-Identifier: Apache-2.0
// The documents users write: reading, validating and filling in; everything other stages may use of it.

export { boardByName } from "./board.ts";
export type { AnyDocument, GuestFile, Kind, Loaded } from "./loaded.ts";
export { documentFolder } from "./loaded.ts";
export { type PhoneParts, phoneFromParts } from "./parts.ts";
export { loadPhone, type PhoneDraft, type PhoneResult, type ResolvedPhone } from "./phone.ts";
export type { DocumentPath, Place, Positions } from "./positions.ts";
export { printDocument } from "./print.ts";
export { type Problem, renderProblem, renderProblems } from "./problem.ts";
export type {
	Board,
	BoardInput,
	Persona,
	PersonaInput,
	Phone,
	PhoneInput,
	Policy,
	PolicyInput,
	Rules,
	RulesInput,
} from "./types.ts";
