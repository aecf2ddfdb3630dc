// SPDX-License-Identifier: Apache-2.0
// The build and compose stages: guest images, Veil, the content store, the lock file and the device image.

export { type BuiltParts, buildParts, buildPhone, type ComposedPhone, composePhone } from "./build-phone.ts";
export type { BuildrootAccount, BuildrootPackage, SourceArchive } from "./buildroot/account.ts";
export type { CompilerPackage } from "./buildroot/compiler-packages.ts";
export { type BuildrootGcReport, collectBuildroot } from "./buildroot/gc.ts";
export { rootAccount } from "./buildroot/root.ts";
export { type Composition, compositionOf, type Part } from "./composition.ts";
export { cpioEntries } from "./cpio-read.ts";
export {
	composeDeviceImage,
	type DeviceImageParts,
	deviceImageInputs,
	deviceImageKey,
} from "./device-image.ts";
export { type Enforced, readEnforced } from "./enforced.ts";
export { type ExplainedImage, type ExplainedPersona, readDeviceImage, renderExplained } from "./explain.ts";
export { packageFetcher, totalSize } from "./fetch-file.ts";
export { copyFiles, fetchFiles, fetchLocked, isMissing, lockedFiles, type PinnedBytes, pinnedFiles } from "./fetch-locked.ts";
export { type FileTree, type TreeEntry, tarEntries } from "./file-tree.ts";
export { findArtifact } from "./find.ts";
export { bootCodeInputs } from "./flash-loader.ts";
export { fiascoImage, flashEmulated } from "./flashing.ts";
export { buildGuest, findGuest, type GuestPart, type GuestRecord } from "./guest.ts";
export { guestInputs, guestKey, guestRequest, guestSources } from "./guest-inputs.ts";
export { buildHypervisor, hypervisorInputs, hypervisorKey, trusting } from "./hypervisor.ts";
export { differingParts, digestsOfParts, placeInImage, readImageParts } from "./image-parts.ts";
export {
	DEBIAN_SUITE,
	type GuestRequest,
	LOCK_NAME,
	type LockEntry,
	type LockFile,
	loadLock,
	lockPath,
	type Mirrors,
} from "./lock.ts";
export {
	checkLock,
	projectDocuments,
	relockForTests,
	type UpdateOptions,
	type UpdateReport,
	updateLock,
} from "./lock-update.ts";
export { checkNeeds, guestNeeds, imageNeeds, type Needs } from "./needs.ts";
export { OtherImageError, signaturesOf } from "./signatures-of.ts";
export { type Blob, blobPath, openStore, type Store } from "./store.ts";
export type { GcOptions, GcReport } from "./store-gc.ts";
export { streamCommand } from "./stream-command.ts";
export type {
	Artifact,
	BuildContext,
	BuildrootInputs,
	DeviceImageInputs,
	DevicePersona,
	GuestInputs,
	GuestSources,
	HypervisorInputs,
	VeilBuilder,
} from "./types.ts";
export { verifyImage } from "./verify.ts";
