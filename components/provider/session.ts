// SPDX-License-Identifier: Apache-2.0
// What lasts as long as one provider process: the stages, the engine's log, cancellation, and recipes seen in this run.
import type { Artifact } from "../image/index.ts";
import { UserError } from "../util/errors.ts";
import type { Settings } from "./configuration.ts";
import { type EngineLog, noLog } from "./engine.ts";
import type { Stages, Work } from "./stages.ts";

/** The engine reads resources that ask for it right after it has configured the provider. */
const WARM_UP_AFTER_MS = 100;

export class Session {
	readonly recipes = new Recipes();
	log: EngineLog = noLog;
	/** Address of the engine; empty while it is not known. */
	engine = "";
	private readonly cancellation = new AbortController();
	/** What the provider was configured with; stages are loaded after that. */
	settings: Settings = {};
	private readonly loadStages: (settings: Settings) => Promise<Stages>;
	private loaded: Promise<Stages> | undefined;

	constructor(loadStages: (settings: Settings) => Promise<Stages>) {
		this.loadStages = loadStages;
	}

	/** The other stages; loaded when first asked for, because the engine waits for the start of this process. */
	stages(): Promise<Stages> {
		this.loaded ??= this.loadStages(this.settings);
		return this.loaded;
	}

	/** Learns where the engine is; the first address stays. */
	connect(address: string, open: (address: string) => EngineLog): void {
		if (this.engine !== "") return;
		this.engine = address;
		this.log = open(address);
	}

	/**
	 * Loads what the first Check will need, while the engine waits for the program to start. Later than whatever the engine asks first,
	 * and a failure shows when somebody needs it.
	 */
	warmUp(): void {
		const load = () =>
			void this.stages().then(
				(stages) => stages.warmUp(),
				() => {},
			);
		setTimeout(load, WARM_UP_AFTER_MS).unref();
	}

	get signal(): AbortSignal {
		return this.cancellation.signal;
	}

	/** Stops all work, now and later. */
	cancel(): void {
		this.cancellation.abort();
	}

	/** One operation on one resource, as handlers see it. `timeoutSeconds` is what `customTimeouts` says; 0 is no limit. */
	async operation(urn: string, timeoutSeconds = 0): Promise<Operation> {
		const { log } = this;
		const limits = timeoutSeconds > 0 ? [timeLimit(timeoutSeconds)] : [];
		return {
			urn,
			name: urn.slice(urn.lastIndexOf("::") + 2),
			stages: await this.stages(),
			recipes: this.recipes,
			work: { signal: AbortSignal.any([this.signal, ...limits]), progress: (message) => log.progress(urn, message) },
			warn: (message) => log.warn(urn, message),
		};
	}
}

/** A signal that aborts with a user's error, because the time was the user's choice. */
function timeLimit(seconds: number): AbortSignal {
	const controller = new AbortController();
	const error = new UserError(`did not end within ${seconds} s`, { remedy: "give it more time with the option customTimeouts" });
	setTimeout(() => controller.abort(error), seconds * 1000).unref();
	return controller.signal;
}

export interface Operation {
	readonly urn: string;
	/** The resource's name in the program. */
	readonly name: string;
	readonly stages: Stages;
	readonly recipes: Recipes;
	readonly work: Work;
	readonly warn: (message: string) => void;
}

export type Build = (work: Work) => Promise<Artifact>;

/**
 * How to build what a key stands for. The engine has every declared resource checked before it creates or updates what depends on it, so
 * whatever is missing from this machine's store (cleaned, or built elsewhere) can be built when somebody needs it.
 */
export class Recipes {
	private readonly builds = new Map<string, Build>();

	remember(key: string, build: Build): void {
		this.builds.set(key, build);
	}

	/** The artifact of a key: from the store, else built. */
	async obtain(key: string, what: string, stages: Stages, work: Work): Promise<Artifact> {
		work.signal.throwIfAborted();
		const kept = await stages.find(key);
		if (kept !== undefined) return kept;
		const build = this.builds.get(key);
		if (build !== undefined) return build(work);
		throw new UserError(`${what} ${key} is neither in this machine's store nor declared in this program`, {
			remedy: "declare the images in the same program, or run `pulumi up` where they were built",
		});
	}
}
