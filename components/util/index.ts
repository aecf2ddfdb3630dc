// SPDX-License-Identifier: Apache-2.0
// Small things every stage uses.
export { isAlive, processToken } from "./alive.ts";
export { writeFileAtomic } from "./atomic.ts";
export { canonicalJson, sha256, sha256File } from "./digest.ts";
export { type EngineEnvironment, engineEnvironment, prepareState, shellExports } from "./engine-env.ts";
export { errorCode, isAbort, renderError, UserError, type UserErrorDetails } from "./errors.ts";
export { cacheDir, packageRoot, projectRoot, projectStateDir, runRoot, stateDir, type Variables } from "./paths.ts";
export { ProcessError, quoted, type RunOptions, type RunResult, run, shellQuote } from "./process.ts";
export { type Progress, prefixed, silent } from "./progress.ts";
export { packageVersion } from "./version.ts";
