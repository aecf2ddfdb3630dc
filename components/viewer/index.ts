// SPDX-License-Identifier: Apache-2.0
// The viewer: a running handset in a browser on the same machine.
export type { FromPage, FromServer, GoneMessage, PersonaAction, RefusedMessage, ShownPersona, StatusMessage } from "./messages.ts";
export { openViewer, type Viewer, type ViewerOptions } from "./server.ts";
