// SPDX-License-Identifier: Apache-2.0
// The handset stage: puts a device image on a handset, keeps it running, and observes it. Target: QEMU.
export {
	AgentRefusal,
	type CommandStreams,
	type RemoteFile,
	readFromPersona,
	runInPersona,
	writeToPersona,
} from "./agent-client.ts";
export { NotReadyError } from "./await-ready.ts";
export { ControlClient, type HandsetStatus } from "./control.ts";
export type { LogRecord, PersonaStatus, StateEvent, Statistics, SystemStatus } from "./control-messages.ts";
export type { StoredVolume } from "./disk.ts";
export { flashHandset } from "./flash-handset.ts";
export { cleanOrphans, findOrphans, listHandsets } from "./list.ts";
export { type NetworkReport, networkLine } from "./network-report.ts";
export { controlClient, handsetEndpoints, handsetIndicators, observeHandset } from "./observe.ts";
export { faultText, REASONS } from "./reasons.ts";
export { type PersonaReport, reportStatus, SAMPLE_MS, type StatusReport, type StatusSample, sampleStatus } from "./report.ts";
export { FILE as HANDSET_FILES, handsetDir } from "./run-folder.ts";
export { personaScreenshot, screenshot } from "./screenshot.ts";
export type { PersonaSecret } from "./secrets.ts";
export { createHandset, restartPersonas, startHandset } from "./start.ts";
export { removeHandset, stopHandset } from "./stop.ts";
export { lastBytes, lastLines } from "./tails.ts";
export type * from "./types.ts";
export {
	allowAdoption,
	attachVolume,
	checkVolumeKey,
	findVolume,
	growVolume,
	type ListedVolume,
	listVolumes,
	makeVolume,
	parseVolumeId,
	releaseVolume,
	type VolumeId,
	volumeId,
	volumePlace,
	wipeKept,
} from "./volumes.ts";
