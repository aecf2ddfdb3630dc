// SPDX-License-Identifier: Apache-2.0
// The documents users write: reading, validating and filling in; everything other stages may use of it.

export { ipv6Groups, portRanges } from "./addresses.ts";
export { boardByName, findBoard } from "./board.ts";
export { checkSource, kindOf, readSource, unknownKind } from "./document.ts";
export { guestFileProblems } from "./guest-files.ts";
export type { AnyDocument, GuestFile, Kind, Loaded } from "./loaded.ts";
export { documentFolder } from "./loaded.ts";
export { type Inline, type PhoneParts, partSource, phoneFromParts } from "./parts.ts";
export { loadPersona } from "./persona.ts";
export { loadPhone, type PhoneDraft, type PhoneResult, type ResolvedPhone } from "./phone.ts";
export { type DocumentPath, type Place, type Positions, propertyPath } from "./positions.ts";
export { printDocument } from "./print.ts";
export { type Problem, problemAt, renderProblem, renderProblems } from "./problem.ts";
export { listed, plainText, shown } from "./shown.ts";
export { type PhoneSigning, phoneSigning } from "./signing.ts";
export { didYouMean } from "./suggest.ts";
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
