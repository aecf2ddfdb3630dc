// SPDX-License-Identifier: Apache-2.0
// Stages that build and run nothing: real documents, images that are only keys, and handsets that are lines of a JSON file (the world),
// so that every engine run, each with a provider process of its own, sees the same.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Observation, PersonaObservation, StoredVolume, VolumeId } from "../../components/handset/index.ts";
import { trusting } from "../../components/image/hypervisor.ts";
import type { Artifact, DeviceImageInputs, GuestInputs } from "../../components/image/index.ts";
import { boardByName, documentFolder } from "../../components/manifest/index.ts";
import { loadAndCheckParts, loadAndCheckPersona, loadAndCheckPhone } from "../../components/policy/index.ts";
import type { Stages, Work } from "../../components/provider/stages.ts";
import { canonicalJson, sha256 } from "../../components/util/digest.ts";
import { errorCode, UserError } from "../../components/util/errors.ts";
import { isOffline } from "../../components/util/network.ts";
import { overlayOf } from "./fake-overlay.ts";

export interface World {
	/** What has been built, by key. */
	built: Record<string, Artifact>;
	handsets: Record<string, { digest: string; personas: PersonaObservation[] } | null>;
	/** By id. */
	volumes?: Record<string, StoredVolume>;
	/** What goes wrong, by the name of the step (`start`, `build work`, …): a user's fault, or a bug when it begins with "bug". */
	faults?: Record<string, string>;
	/** Milliseconds that steps take, by name. */
	delays?: Record<string, number>;
	/** Steps that only end when another has begun: its name, by theirs. */
	after?: Record<string, string>;
	/** Digests of images whose personas never get ready. */
	bad?: string[];
	/** Digests of the images whose personas get ready, where it is not all others. */
	onlyGood?: string[];
}

/** The world in a folder: `world.json`, and `log` with a line for each thing done. */
export class FakeWorld {
	readonly folder: string;

	constructor(folder: string) {
		this.folder = folder;
		mkdirSync(folder, { recursive: true });
		if (!existsSync(this.file)) this.change(() => {});
	}

	private get file(): string {
		return join(this.folder, "world.json");
	}

	get(): World {
		return existsSync(this.file) ? (JSON.parse(readFileSync(this.file, "utf8")) as World) : { built: {}, handsets: {} };
	}

	/** One change at a time, whichever process makes it. */
	change(edit: (world: World) => void): void {
		const lock = `${this.file}.lock`;
		// Held for less than a millisecond: who was killed in the midst of it has left it.
		const end = performance.now() + 1000;
		while (!isMade(lock) && performance.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
		try {
			const world = this.get();
			edit(world);
			const temporary = `${this.file}.${process.pid}`;
			writeFileSync(temporary, JSON.stringify(world));
			renameSync(temporary, this.file);
		} finally {
			rmSync(lock, { recursive: true, force: true });
		}
	}

	note(line: string): void {
		appendFileSync(join(this.folder, "log"), `${line}\n`);
	}

	/** Whether a step has begun since the last look at the log. */
	hasBegun(name: string): boolean {
		return this.newLines().includes(name);
	}

	/** What was done since the last call. */
	takeLog(): string[] {
		const lines = this.newLines();
		// The log itself stays: a line that a provider writes just now would go with it.
		writeFileSync(this.takenFile, String(this.taken() + lines.length));
		return lines;
	}

	private get takenFile(): string {
		return join(this.folder, "taken");
	}

	private taken(): number {
		return existsSync(this.takenFile) ? Number(readFileSync(this.takenFile, "utf8")) : 0;
	}

	private newLines(): string[] {
		const path = join(this.folder, "log");
		const whole = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
		return whole.slice(this.taken());
	}
}

/** Whether this call has made the folder; false: there is one. */
function isMade(folder: string): boolean {
	try {
		mkdirSync(folder);
		return true;
	} catch (error) {
		if (errorCode(error) !== "EEXIST") throw error;
		return false;
	}
}

/** One step: takes its time, can be cancelled, goes wrong when the world says so. */
async function step(world: FakeWorld, name: string, work: Work): Promise<void> {
	work.signal.throwIfAborted();
	work.progress(name);
	writeFileSync(join(world.folder, "pid"), String(process.pid));
	world.note(name);
	const { faults = {}, delays = {}, after = {} } = world.get();
	const other = after[name];
	while (other !== undefined && !world.hasBegun(other)) await delay(20, undefined, { signal: work.signal });
	await delay(delays[name] ?? 0, undefined, { signal: work.signal });
	const fault = faults[name];
	if (fault !== undefined) throw fault.startsWith("bug") ? new TypeError(fault) : new UserError(fault, { remedy: "mend it" });
}

export function fakeStages(folder: string, projectDir: string): Stages {
	const world = new FakeWorld(folder);
	const build = async (key: string, name: string, work: Work): Promise<Artifact> => {
		const known = world.get().built[key];
		if (known !== undefined) return known;
		await step(world, name, work);
		const artifact = { key, digest: sha256(`content of ${key}`), size: 1000, path: join(folder, key) };
		world.change(({ built }) => {
			built[key] = artifact;
		});
		return artifact;
	};
	const keyOf = (value: unknown) => sha256(canonicalJson(value));
	return {
		projectDir,
		loadPhone: (phone) =>
			typeof phone === "string" ? loadAndCheckPhone(join(projectDir, phone)) : loadAndCheckParts(phone, projectDir),
		loadPersona: (persona, board) => loadAndCheckPersona(persona, board, projectDir),
		loadBoard: (name) => boardByName(name, projectDir),
		async guestInputs(persona, board): Promise<GuestInputs> {
			const { name, guest } = persona.document;
			return {
				persona: name,
				board: board.name,
				os: guest.os,
				builder: guest.builder === "prebuilt" ? "prebuilt" : "debian",
				base: guest.base,
				packages: guest.packages,
				overlay: guest.overlay === null ? {} : overlayOf(join(documentFolder(persona), guest.overlay)),
				commandLine: guest.commandLine,
				lock: [],
				recipe: 1,
			};
		},
		guestKey: async (inputs) => keyOf(inputs),
		buildGuest: (inputs, _persona, work) => build(keyOf(inputs), `build ${inputs.persona}${isOffline() ? " offline" : ""}`, work),
		hypervisorInputs: async ({ name }, trustedKeys, builder) => {
			const compiler = builder === "buildroot" ? "Buildroot" : "gcc 12";
			return trusting({ board: name, sources: sha256("veil"), compiler, recipe: 1 }, trustedKeys);
		},
		hypervisorKey: async (inputs) => keyOf(inputs),
		buildHypervisor: (inputs, work) => build(keyOf(inputs), "build veil", work),
		deviceImageInputs: async (phone, hypervisor, guestKeys): Promise<DeviceImageInputs> => ({
			board: phone.board.document.name,
			machineVersion: 1,
			architecture: "arm64",
			ram: { base: 0, limit: 0, minimum: 0, loadAddress: 0 },
			hypervisor,
			personas: phone.personas.map(({ document }) => ({
				name: document.name,
				uuid: "00000000-0000-0000-0000-000000000000",
				label: document.indicator.label,
				colour: document.indicator.colour,
				guest: guestKeys[document.name] ?? "",
				memoryMiB: document.resources.memoryMiB,
				cpus: document.resources.cpus,
				cpuShare: document.resources.cpuShare,
				cpuCapPercent: document.resources.cpuCapPercent,
				whenInBackground: document.resources.whenInBackground === "freeze" ? "freeze" : "run",
				start: document.start,
				onCrash: document.onCrash,
			})) as DeviceImageInputs["personas"],
			initialForeground: phone.phone.document.initialForeground,
			cpus: phone.phone.document.target.cpus,
			policy: {
				name: phone.policy.document.name,
				digest: keyOf(phone.policy.document),
				networks: phone.policy.document.networks,
				channels: phone.policy.document.channels,
				ownerAccess: phone.policy.document.ownerAccess,
			},
			...(phone.signing === undefined
				? {}
				: {
						signing: {
							publicKey: phone.signing.key.hex,
							fingerprint: phone.signing.key.fingerprint,
							version: phone.signing.version,
						},
					}),
			recipe: 1,
		}),
		deviceImageKey: async (inputs) => keyOf(inputs),
		composeDeviceImage: (inputs, _parts, work) => build(keyOf(inputs), "compose", work),
		find: async (key) => world.get().built[key],
		handsets: fakeHandsets(world),
		warmUp: async () => {},
	};
}

/** Volumes that are entries of the world. */
function fakeVolumes(world: FakeWorld): Stages["handsets"]["volumes"] {
	const text = ({ handset, persona, name }: VolumeId) => `${handset}/${persona}/${name}`;
	const change = (id: VolumeId, edit: (volume: StoredVolume) => StoredVolume | undefined) =>
		world.change((now) => {
			const volume = now.volumes?.[text(id)];
			if (volume === undefined) throw new UserError(`there is no volume ${text(id)} on this machine`);
			const edited = edit(volume);
			const { [text(id)]: _, ...rest } = now.volumes ?? {};
			now.volumes = edited === undefined ? rest : { ...rest, [text(id)]: edited };
		});
	return {
		find: async (id) => world.get().volumes?.[text(id)],
		make: async ({ id, sizeMiB, fileSystem, urn, key, contents, signal }) => {
			await step(world, `make volume ${id.name}${contents === undefined ? "" : ` from ${contents}`}`, {
				signal,
				progress: () => {},
			});
			if (world.get().volumes?.[text(id)]?.state === "kept") throw new UserError(`volume ${text(id)} was kept`);
			const made = { persona: id.persona, name: id.name, sizeMiB, fileSystem, urn, encrypted: key !== undefined };
			world.change((now) => {
				const volume: StoredVolume = { ...made, state: "attached", createdAt: "2026-01-01T00:00:00Z" };
				now.volumes = { ...now.volumes, [text(id)]: volume };
			});
		},
		attach: async (id, urn) => change(id, (volume) => ({ ...volume, state: "attached", urn })),
		grow: async (id, sizeMiB) => {
			world.note(`grow volume ${id.name} to ${sizeMiB}`);
			change(id, (volume) => ({ ...volume, sizeMiB }));
		},
		checkKey: async (_id, key) => {
			if (key.every((byte) => byte === 0)) throw new UserError("does not open with this key");
		},
		release: async (id, how) => {
			world.note(`${how} volume ${id.name}`);
			change(id, (volume) => (how === "keep" ? { ...volume, state: "kept" } : undefined));
		},
	};
}

function fakeHandsets(world: FakeWorld): Stages["handsets"] {
	const observe = async (id: string): Promise<Observation> => {
		const running = world.get().handsets[id];
		if (running === null || running === undefined) {
			return { id, board: "qemu-virt", alive: false, responding: false, problem: "QEMU does not run", personas: [] };
		}
		return { id, board: "qemu-virt", alive: true, responding: true, imageDigest: running.digest, personas: running.personas };
	};
	const ready = (name: string): PersonaObservation => ({
		name,
		state: "running",
		ready: true,
		reason: "none",
		restarts: 0,
		starts: 1,
		foreground: false,
	});
	const folder = (id: string) => join(world.folder, "run", id);
	return {
		folder,
		create: async ({ id }) => {
			mkdirSync(folder(id), { recursive: true });
			world.note("create handset");
		},
		async start(spec, image, personas, work, secrets) {
			await step(world, "start", work);
			for (const { fingerprint } of image.trustedKeys ?? []) world.note(`trusts ${fingerprint}`);
			for (const { persona, name, value } of secrets) world.note(`secret ${name} of ${persona}: ${value.length} bytes`);
			const { bad: never = [], onlyGood } = world.get();
			const bad = never.includes(image.digest) || onlyGood?.includes(image.digest) === false;
			world.change(({ handsets }) => {
				handsets[spec.id] = { digest: image.digest, personas: personas.map(({ name }) => ({ ...ready(name), ready: !bad })) };
			});
			if (bad) throw new UserError(`persona ${personas[0]?.name} was not READY in time`);
			const endpoints = { control: "control", consoles: {}, agents: {} };
			return { ...(await observe(spec.id)), pid: 1, startedAt: "2026-01-01T00:00:00Z", endpoints };
		},
		async restart(id, personas, work) {
			await step(world, `restart ${personas.map(({ name }) => name).join(" ")}`, work);
			world.change(({ handsets }) => {
				const running = handsets[id];
				if (running) running.personas = running.personas.map(({ name }) => ready(name));
			});
			return observe(id);
		},
		async stop(id) {
			world.note("stop");
			world.change(({ handsets }) => {
				handsets[id] = null;
			});
		},
		async remove(id) {
			world.note("remove handset");
			rmSync(folder(id), { recursive: true, force: true });
			world.change(({ handsets }) => {
				delete handsets[id];
			});
			return false;
		},
		observe,
		volumes: fakeVolumes(world),
		status: async (id) => {
			const { personas, imageDigest } = await observe(id);
			return {
				handset: id,
				board: "qemu-virt",
				digest: imageDigest ?? null,
				personas: personas.map(({ name, state }) => ({ name, state })),
			};
		},
	};
}
