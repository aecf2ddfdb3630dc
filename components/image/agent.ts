// SPDX-License-Identifier: Apache-2.0
// The agent of a guest: compiled from agent/.
import type { Board } from "../manifest/index.ts";
import { guestProgram, programInputs } from "./guest-program.ts";
import type { BuildContext, ProgramInputs } from "./types.ts";

const FOLDER = "agent";
const PROGRAM = "persona-agent";

/** What the agent is built from. @throws UserError when the cross compiler is missing */
export function agentInputs(architecture: Board["architecture"]): Promise<ProgramInputs> {
	return programInputs(FOLDER, architecture);
}

/** The agent as a program for Linux. @throws UserError when it does not compile */
export function agentProgram(inputs: ProgramInputs, context: BuildContext): Promise<Uint8Array> {
	return guestProgram(PROGRAM, FOLDER, inputs, context);
}
