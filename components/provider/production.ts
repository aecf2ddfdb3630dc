// SPDX-License-Identifier: Apache-2.0
// The real stages behind the provider's interface.
import { resolve } from "node:path";
import * as handset from "../handset/index.ts";
import * as image from "../image/index.ts";
import { boardByName, documentFolder } from "../manifest/index.ts";
import { loadAndCheckParts, loadAndCheckPersona, loadAndCheckPhone } from "../policy/index.ts";
import { projectRoot } from "../util/paths.ts";
import { asValue, isObject } from "./properties.ts";
import type { Handsets, Stages, Work } from "./stages.ts";

export async function productionStages(): Promise<Stages> {
	const projectDir = projectRoot();
	const store = once(() => image.openStore());
	const lock = once(() => image.loadLock(projectDir));
	const context = async (work: Work): Promise<image.BuildContext> => ({
		store: await store(),
		lock: await lock(),
		signal: work.signal,
		progress: work.progress,
		projectDir,
	});
	return {
		projectDir,
		loadPhone: (phone) =>
			typeof phone === "string" ? loadAndCheckPhone(resolve(projectDir, phone)) : loadAndCheckParts(phone, projectDir),
		loadPersona: (persona, board) => loadAndCheckPersona(persona, board, projectDir),
		loadBoard: (name) => boardByName(name, projectDir),

		guestInputs: async (persona, board) => image.guestInputs(persona, board, await lock()),
		guestKey: image.guestKey,
		buildGuest: async (inputs, persona, work) => {
			const { overlay } = persona.document.guest;
			const baseDir = documentFolder(persona);
			const sources = { baseDir, ...(overlay === null ? {} : { overlayDir: resolve(baseDir, overlay) }) };
			return image.buildGuest(inputs, sources, await context(work));
		},
		hypervisorInputs: image.hypervisorInputs,
		hypervisorKey: image.hypervisorKey,
		buildHypervisor: async (inputs, work) => image.buildHypervisor(inputs, await context(work)),
		deviceImageInputs: image.deviceImageInputs,
		deviceImageKey: image.deviceImageKey,
		composeDeviceImage: async (inputs, parts, work) => image.composeDeviceImage(inputs, parts, await context(work)),
		find: async (key) => image.findArtifact(await store(), key),
		handsets,
	};
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | undefined;
	return () => {
		made ??= make();
		return made;
	};
}

const handsets: Handsets = {
	folder: handset.handsetDir,
	create: handset.createHandset,
	start: (spec, of, personas, { signal, progress }) => handset.startHandset(spec, of, { personas, signal, progress }),
	restart: (id, personas, { signal, progress }) => handset.restartPersonas(id, personas, { signal, progress }),
	stop: handset.stopHandset,
	remove: handset.removeHandset,
	observe: handset.observeHandset,
	status: async (id) => {
		const status = asValue(await handset.observeHandset(id));
		return isObject(status) ? status : {};
	},
};
