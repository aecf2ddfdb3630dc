// SPDX-License-Identifier: Apache-2.0
// The real stages behind the provider's interface. Reading what runs needs the handset stage alone, so the others are loaded when they are
// needed; and what is read of documents, boards and the lock file is read once in a process, which lives as long as one operation.
import { resolve } from "node:path";
import * as handset from "../handset/index.ts";
import type { BuildContext, GuestInputs, VeilBuilder } from "../image/index.ts";
import type { Board, Loaded, Persona, ResolvedPhone } from "../manifest/index.ts";
import { SIGN_COMMAND, signer } from "../signing/index.ts";
import { canonicalJson } from "../util/digest.ts";
import { projectRoot } from "../util/paths.ts";
import type { Settings } from "./configuration.ts";
import { requireConsent } from "./consent.ts";
import { asValue, isObject } from "./properties.ts";
import type { Handsets, Stages, Work } from "./stages.ts";

const loadImage = () => import("../image/index.ts");
const loadManifest = () => import("../manifest/index.ts");
const loadPolicy = () => import("../policy/index.ts");

export function productionStages({ signCommand }: Settings): Stages {
	const projectDir = projectRoot();
	const remember = memory();
	const store = () => remember("store", async () => (await loadImage()).openStore());
	const lock = () => remember("lock", async () => (await loadImage()).loadLock(projectDir));
	/** What guests of this run are built from, as far as it is known: what is missing of any is told at once. */
	const phone: GuestInputs[] = [];
	const context = async (work: Work): Promise<BuildContext> => ({
		store: await store(),
		lock: await lock(),
		phone,
		signal: work.signal,
		progress: work.progress,
		sign: signer({ command: process.env[SIGN_COMMAND] ?? signCommand }),
		projectDir,
	});
	const guestInputs = (persona: Loaded<Persona>, board: Board) =>
		remember(`guest ${board.name} ${persona.file} ${canonicalJson(persona.document)}`, async () => {
			const inputs = await (await loadImage()).guestInputs(persona, board, await lock());
			phone.push(inputs);
			return inputs;
		});
	const plainHypervisor = (board: Board, builder: VeilBuilder) =>
		remember(`hypervisor ${board.name} ${builder}`, async () =>
			(await loadImage()).hypervisorInputs(board, undefined, builder === "buildroot" ? await lock() : undefined),
		);
	const hypervisorInputs = async (board: Board, trustedKeys: readonly string[], builder: VeilBuilder) =>
		(await loadImage()).trusting(await plainHypervisor(board, builder), trustedKeys);
	const loadBoard = (name: string) => remember(`board ${name}`, async () => (await loadManifest()).boardByName(name, projectDir));
	const start: Handsets["start"] = async (spec, of, personas, work, secrets) => {
		const board = (await loadBoard(spec.board)).document;
		if (board.flashing === undefined) return handsets.start(spec, of, personas, work, secrets);
		const { fiascoImage, flashEmulated } = await loadImage();
		const context = { store: await store(), ...work };
		// Also for an emulated one: what a tablet would be flashed with is made, checked and kept.
		const fiasco = await fiascoImage(of, board, context);
		if (spec.usb === undefined) {
			const writeFlash = (path: string) => flashEmulated(of, board, path, context);
			return handsets.start(spec, { ...of, writeFlash }, personas, work, secrets);
		}
		requireConsent(spec.id);
		const { kind, target } = spec.usb;
		const usb = { kind, target: { ...target, backup: resolve(projectDir, target.backup) } };
		const { path, digest, version } = fiasco;
		return handset.flashHandset({ ...spec, usb }, of, { path, digest, version }, personas, work);
	};
	return {
		projectDir,
		loadPhone: (phone) =>
			remember(`phone ${canonicalJson(phone)}`, async () => {
				const { loadAndCheckParts, loadAndCheckPhone } = await loadPolicy();
				const result =
					typeof phone === "string"
						? await loadAndCheckPhone(resolve(projectDir, phone))
						: await loadAndCheckParts(phone, projectDir);
				if (result.resolved !== undefined) {
					const { personas, board } = result.resolved;
					rememberParts(result.resolved, remember);
					// The resources of the phone will ask for these next: they are found out while the program declares them.
					for (const persona of personas) guestInputs(persona, board.document).catch(() => {});
					plainHypervisor(board.document, result.resolved.phone.document.veil.builder).catch(() => {});
				}
				return result;
			}),
		loadPersona: (persona, board) =>
			remember(personaMemo(board, typeof persona === "string" ? resolve(projectDir, persona) : canonicalJson(persona)), async () =>
				(await loadPolicy()).loadAndCheckPersona(persona, board, projectDir),
			),
		loadBoard,

		guestInputs,
		guestKey: async (inputs) => (await loadImage()).guestKey(inputs),
		buildGuest: async (inputs, persona, work) => {
			const { buildGuest, guestSources } = await loadImage();
			return buildGuest(inputs, guestSources(persona), await context(work));
		},
		hypervisorInputs,
		hypervisorKey: async (inputs) => (await loadImage()).hypervisorKey(inputs),
		buildHypervisor: async (inputs, work) => (await loadImage()).buildHypervisor(inputs, await context(work)),
		deviceImageInputs: async (phone, hypervisor, guests) => {
			const { bootCodeInputs, deviceImageInputs } = await loadImage();
			return deviceImageInputs(phone, hypervisor, guests, await bootCodeInputs(phone.board.document));
		},
		deviceImageKey: async (inputs) => (await loadImage()).deviceImageKey(inputs),
		composeDeviceImage: async (inputs, parts, work) => (await loadImage()).composeDeviceImage(inputs, parts, await context(work)),
		find: async (key) => (await loadImage()).findArtifact(await store(), key),
		handsets: { ...handsets, start },
		warmUp: async () => {
			await Promise.all([loadImage(), loadPolicy()]);
		},
	};
}

const personaMemo = (board: string, source: string) => `persona ${board} ${source}`;

/** A phone without problems has personas and a board without problems: they need not be read again for their own resources. */
function rememberParts({ personas, board }: ResolvedPhone, remember: Memory): void {
	const { name } = board.document;
	void remember(`board ${name}`, async () => board);
	for (const persona of personas) {
		const draft = { personas: [persona], allPersonas: false, board };
		void remember(personaMemo(name, persona.file), async () => ({ draft, problems: [] }));
	}
}

type Memory = <T>(what: string, make: () => Promise<T>) => Promise<T>;

/** Does each thing once; one that failed is done again when it is asked for again. */
function memory(): Memory {
	const made = new Map<string, Promise<unknown>>();
	return <T>(what: string, make: () => Promise<T>): Promise<T> => {
		const known = made.get(what) as Promise<T> | undefined;
		if (known !== undefined) return known;
		const result = make();
		made.set(what, result);
		result.catch(() => made.delete(what));
		return result;
	};
}

const handsets: Handsets = {
	folder: handset.handsetDir,
	create: handset.createHandset,
	start: (spec, of, personas, { signal, progress }, secrets) =>
		handset.startHandset(spec, of, { personas, secrets, signal, progress }),
	restart: (id, personas, { signal, progress }) => handset.restartPersonas(id, personas, { signal, progress }),
	stop: handset.stopHandset,
	remove: handset.removeHandset,
	observe: handset.observeHandset,
	volumes: {
		find: handset.findVolume,
		make: ({ contents, baseDir = "", ...volume }) =>
			handset.makeVolume({ ...volume, ...(contents === undefined ? {} : { contents: resolve(baseDir, contents) }) }),
		attach: handset.attachVolume,
		grow: handset.growVolume,
		checkKey: handset.checkVolumeKey,
		release: handset.releaseVolume,
	},
	status: async (id) => {
		const status = asValue(await handset.reportStatus(id));
		return isObject(status) ? status : {};
	},
};
