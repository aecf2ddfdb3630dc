// SPDX-License-Identifier: Apache-2.0
// Where a device image comes from: SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance) in an in-toto statement v1
// (https://github.com/in-toto/attestation/tree/main/spec/v1). Nothing in it comes from the clock or the machine.
import type { Composition, GuestInputs, LockEntry } from "../image/index.ts";
import type { Rules } from "../manifest/index.ts";
import { canonicalJson, sha256 } from "../util/digest.ts";
import { withoutCredentials } from "../util/url.ts";
import { packageVersion } from "../util/version.ts";
import { contentUuid } from "./content-uuid.ts";
import { compilerMaterials, type Materials } from "./materials.ts";
import { debianPurl, ownPurl } from "./purl.ts";

/** Something with a name and a digest, in in-toto's form. */
export interface Resource {
	readonly name?: string;
	readonly uri?: string;
	readonly digest?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
}

/** An in-toto statement with SLSA provenance. */
export interface Statement {
	readonly _type: "https://in-toto.io/Statement/v1";
	readonly subject: readonly Resource[];
	readonly predicateType: "https://slsa.dev/provenance/v1";
	readonly predicate: {
		readonly buildDefinition: {
			readonly buildType: string;
			readonly externalParameters: Readonly<Record<string, unknown>>;
			readonly internalParameters: Readonly<Record<string, unknown>>;
			readonly resolvedDependencies: readonly Resource[];
		};
		readonly runDetails: {
			readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
			readonly metadata: { readonly invocationId: string };
			readonly byproducts: readonly Resource[];
		};
	};
}

/** What the parameters mean: docs/reference/provenance.md. */
const BUILD_TYPE = "pkg:npm/pulumi-persona#docs/reference/provenance.md";
/** Whoever runs this package. Who trusts a machine more than another names it. */
export const DEFAULT_BUILDER = "pkg:npm/pulumi-persona";

/**
 * The statement about an image.
 *
 * @param sbom - the text of its bill of materials
 * @param materials - what compilers took
 * @param rules - what its documents had to hold; null: the phone has no rules; undefined: not known, as of an image whose documents are not at hand
 */
export function provenanceOf(
	composition: Composition,
	sbom: string,
	materials: Materials = new Map(),
	builder = DEFAULT_BUILDER,
	rules?: Rules | null,
): Statement {
	const { inputs, hypervisor, guests } = composition;
	const { personas, policy, board, initialForeground, cpus, display, hotkey, ...internal } = inputs;
	const buildDefinition = {
		buildType: BUILD_TYPE,
		externalParameters: {
			board,
			initialForeground,
			cpus,
			...(hotkey === undefined ? {} : { hotkey }),
			policy,
			// They decide whether an image is made at all, and nothing of what is in it.
			rules: rules === undefined ? { known: false } : (rules?.rules ?? []),
			personas: personas.map((persona) => ({ ...persona, build: declared(guests[persona.name]?.inputs) })),
			documents: {
				policy: policy.digest,
				...(rules ? { rules: sha256(canonicalJson(rules)) } : {}),
				personas: Object.fromEntries(
					personas.map((persona) => [
						persona.name,
						sha256(canonicalJson({ persona, build: guests[persona.name]?.inputs ?? null })),
					]),
				),
			},
		},
		internalParameters: {
			...internal,
			...(display === undefined ? {} : { display }),
			...(hypervisor.inputs === undefined ? {} : { hypervisorBuild: hypervisor.inputs }),
		},
		resolvedDependencies: dependencies(composition, materials),
	};
	return {
		_type: "https://in-toto.io/Statement/v1",
		subject: subjects(composition),
		predicateType: "https://slsa.dev/provenance/v1",
		predicate: {
			buildDefinition,
			runDetails: {
				builder: { id: builder, version: { "pulumi-persona": packageVersion() } },
				metadata: { invocationId: `urn:uuid:${contentUuid(canonicalJson(buildDefinition))}` },
				byproducts: [{ name: "sbom.cdx.json", digest: digestSet(sha256(sbom)) }],
			},
		},
	};
}

/** The image, and each artifact in it that can be had by itself. */
function subjects({ inputs, digest, hypervisor, guests }: Composition): Resource[] {
	const found: Resource[] = [{ name: `device-image/${inputs.board}`, digest: digestSet(digest) }];
	if (hypervisor.digest !== "") found.push({ name: "veil.bin", digest: digestSet(hypervisor.digest) });
	for (const { name } of inputs.personas) {
		const record = guests[name]?.record;
		for (const part of ["kernel", "initramfs", "deviceTree"] as const) {
			const payload = record?.[part];
			if (payload !== undefined) found.push({ name: `${name}/${part}`, digest: digestSet(payload.digest) });
		}
	}
	return found;
}

/** What of a guest's inputs its document says; the rest is under the dependencies. */
function declared(built: GuestInputs | undefined): object {
	if (built === undefined) return { known: false };
	const { builder, base, packages, commandLine, os } = built;
	return { os, builder, ...(base === undefined ? {} : { base }), packages, commandLine };
}

function dependencies({ inputs, hypervisor, guests }: Composition, materials: Materials): Resource[] {
	const found = new Map<string, Resource>();
	const add = (resource: Resource) => found.set(canonicalJson(resource), resource);
	if (hypervisor.inputs !== undefined) add(ownSources("hypervisor", hypervisor.inputs.sources));
	for (const resource of compilerMaterials(hypervisor.inputs?.buildroot)) add(resource);
	if (inputs.bootCode !== undefined) add(ownSources(`boards/${inputs.board}/loader`, inputs.bootCode.sources));
	for (const { name } of inputs.personas) {
		const built = guests[name]?.inputs;
		if (built === undefined) continue;
		for (const entry of built.lock) add(lockedPackage(entry));
		for (const resource of materials.get(name) ?? []) add(resource);
		if (built.agent !== undefined) add(ownSources("agent", built.agent.sources));
		if (built.volumes !== undefined) add(ownSources("guest", built.volumes.program.sources));
		for (const file of [built.kernel, built.initramfs, built.deviceTree]) {
			if (file === undefined) continue;
			const where = file.url === undefined ? { name: `${name}: ${file.path}` } : { uri: withoutCredentials(file.url) };
			add({ ...where, digest: digestSet(file.sha256) });
		}
		for (const [path, value] of Object.entries(built.overlay)) {
			const [mode = "", digest = ""] = value.split(/:(.*)/s);
			add({ name: `${name}: overlay/${path}`, digest: digestSet(digest), annotations: { mode } });
		}
	}
	return [...found.values()];
}

function lockedPackage(entry: LockEntry): Resource {
	return { uri: debianPurl(entry, entry.architecture), digest: digestSet(entry.sha256), annotations: { file: entry.file } };
}

/** Sources of this package, by the digest of their names and contents: not that of any one file. */
function ownSources(folder: string, digest: string): Resource {
	return { uri: ownPurl(folder), digest: { "persona-listing-sha256": hexOf(digest) } };
}

function digestSet(digest: string): Record<string, string> {
	return { sha256: hexOf(digest) };
}

function hexOf(digest: string): string {
	return digest.replace(/^sha256:/, "");
}
