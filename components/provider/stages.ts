// SPDX-License-Identifier: Apache-2.0
// What the provider needs of the other stages, in one interface: the real ones in production, fakes in unit tests.
import type {
	HandsetSpec,
	ImageReference,
	Observation,
	PersonaSecret,
	ReadyExpectation,
	StoredVolume,
	VolumeId,
} from "../handset/index.ts";
import type { Artifact, DeviceImageInputs, GuestInputs, HypervisorInputs, VeilBuilder } from "../image/index.ts";
import type { Board, Loaded, Persona, PhoneParts, PhoneResult, ResolvedPhone } from "../manifest/index.ts";
import type { Progress } from "../util/progress.ts";
import type { Properties } from "./properties.ts";

/** What long work is given: how to stop it, and whom to tell. */
export interface Work {
	readonly signal: AbortSignal;
	readonly progress: Progress;
}

/** A phone by its document's path (relative to Pulumi.yaml's folder) or by its parts. */
export type PhoneSource = string | PhoneParts;
/** A persona by its document's path, or the document itself. */
export type PersonaSource = PhoneParts["personas"][number];

export interface Stages {
	/** Folder of Pulumi.yaml. */
	readonly projectDir: string;
	/** Reads and checks a phone, across its documents too. */
	loadPhone(phone: PhoneSource): Promise<PhoneResult>;
	/** Reads one persona for a board, with the checks that need no other document. */
	loadPersona(persona: PersonaSource, board: string): Promise<Pick<PhoneResult, "draft" | "problems">>;
	loadBoard(name: string): Promise<Loaded<Board>>;

	guestInputs(persona: Loaded<Persona>, board: Board): Promise<GuestInputs>;
	guestKey(inputs: GuestInputs): Promise<string>;
	buildGuest(inputs: GuestInputs, persona: Loaded<Persona>, work: Work): Promise<Artifact>;
	/** `trustedKeys`: public keys whose images it is to accept; none: unsigned ones. */
	hypervisorInputs(board: Board, trustedKeys: readonly string[], builder: VeilBuilder): Promise<HypervisorInputs>;
	hypervisorKey(inputs: HypervisorInputs): Promise<string>;
	buildHypervisor(inputs: HypervisorInputs, work: Work): Promise<Artifact>;
	deviceImageInputs(phone: ResolvedPhone, hypervisorKey: string, guestKeys: Record<string, string>): Promise<DeviceImageInputs>;
	deviceImageKey(inputs: DeviceImageInputs): Promise<string>;
	composeDeviceImage(inputs: DeviceImageInputs, parts: DeviceImageParts, work: Work): Promise<Artifact>;
	/** What was built under a key and is still in this machine's store. */
	find(key: string): Promise<Artifact | undefined>;

	handsets: Handsets;
	/** Loads what is only loaded when it is first used. */
	warmUp(): Promise<void>;
}

export interface DeviceImageParts {
	readonly hypervisor: Artifact;
	/** By persona name. */
	readonly guests: Readonly<Record<string, Artifact>>;
}

export type { PersonaSecret, StoredVolume, VolumeId };

/** A volume to be made. */
export interface VolumeWanted {
	readonly id: VolumeId;
	readonly sizeMiB: number;
	readonly fileSystem: "ext4" | "none";
	readonly urn: string;
	/** Folder it begins with, relative to `baseDir`. */
	readonly contents?: string;
	readonly baseDir?: string;
	/** Undefined: it is not encrypted. */
	readonly key?: Uint8Array;
	/** The key is the owner's, not a new one: a volume that is there already must open with it. */
	readonly keyIsGiven: boolean;
	readonly signal: AbortSignal;
}

/** Volumes of handsets. */
export interface Volumes {
	find(id: VolumeId): Promise<StoredVolume | undefined>;
	make(volume: VolumeWanted): Promise<void>;
	/** Takes one over that was kept, for the resource that has imported it. */
	attach(id: VolumeId, urn: string): Promise<void>;
	grow(id: VolumeId, sizeMiB: number): Promise<void>;
	/** Throws a UserError when the key does not open the volume. */
	checkKey(id: VolumeId, key: Uint8Array): Promise<void>;
	release(id: VolumeId, how: "keep" | "wipe"): Promise<void>;
}

/** The handset stage, as far as the provider uses it. */
export interface Handsets {
	/** The handset's folder; it need not exist. */
	folder(id: string): string;
	/** Makes the folder of a new handset, so that it is known (`persona ps`) before anything runs on it. */
	create(spec: HandsetSpec): Promise<void>;
	/** Puts an image on the handset and waits until its personas are ready; replaces what runs there. */
	start(
		spec: HandsetSpec,
		image: ImageReference,
		personas: readonly ReadyExpectation[],
		work: Work,
		secrets: readonly PersonaSecret[],
	): Promise<Observation>;
	/** Starts personas that have crashed and waits until they are ready. */
	restart(id: string, personas: readonly ReadyExpectation[], work: Work): Promise<Observation>;
	stop(id: string): Promise<void>;
	/** Stops the handset and removes its folder, but for a disk with volumes that were kept: then it gives true. */
	remove(id: string): Promise<boolean>;
	observe(id: string): Promise<Observation>;
	readonly volumes: Volumes;
	/** What `persona status --json` prints. */
	status(id: string): Promise<Properties>;
}
