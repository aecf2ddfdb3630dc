// SPDX-License-Identifier: Apache-2.0
// Accounts of device images: what is in them, what they were built from, how two differ, and whether they can be built again.
export { describeConditions } from "./conditions.ts";
export type { Licence } from "./copyright.ts";
export type { AccountContext } from "./debian-packages.ts";
export { renderDiff } from "./diff-text.ts";
export { imageContents } from "./image-contents.ts";
export { diffImages, type ImageDiff } from "./image-diff.ts";
export { collectLicences } from "./licence-texts.ts";
export { type Materials, materialsOf } from "./materials.ts";
export { packageVersions } from "./package-versions.ts";
export type { AccountedPackage } from "./packages.ts";
export { packagesOf } from "./packages-of.ts";
export { DEFAULT_BUILDER, provenanceOf, type Statement } from "./provenance.ts";
export { renderProvenance } from "./provenance-text.ts";
export { type Compared, givesImage, type RebuildOptions, type RebuildReport, rebuild } from "./rebuild.ts";
export { renderSbom } from "./sbom.ts";
export { renderSbomTables } from "./sbom-text.ts";
export { type CheckedProvenance, checkProvenance, signProvenance } from "./signed-provenance.ts";
