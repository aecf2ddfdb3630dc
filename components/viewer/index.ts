// SPDX-License-Identifier: Apache-2.0
// The viewer: a running handset in a browser on the same machine.
export type { FromPage, FromServer, GoneMessage, RefusedMessage, ShownPersona, StatusMessage, SwitchRequest } from "./messages.ts";
export { openViewer, type Viewer, type ViewerOptions } from "./server.ts";
