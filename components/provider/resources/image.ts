// SPDX-License-Identifier: Apache-2.0
// What the three kinds of images have in common: they are known by a key that follows from their inputs, and built when it is new.
import { randomBytes } from "node:crypto";
import type { Artifact } from "../../image/index.ts";
import { UserError } from "../../util/errors.ts";
import { differences } from "../diff.ts";
import type { Checked, Difference, Kind } from "../kind.ts";
import { hasUnknown, type Properties, sameValue, UNKNOWN } from "../properties.ts";
import type { Build, Operation } from "../session.ts";

/** One kind of image. */
export interface ImageRecipe {
	/** For messages: `guest image`. */
	readonly what: string;
	/** Inputs that say where something is, not what it is: they are never compared. */
	readonly sources: readonly string[];
	/** Outputs besides key, digest and size, by name; each follows from the inputs alone. */
	readonly extra: (inputs: Properties) => Properties;
	check(operation: Operation, news: Properties): Promise<Checked>;
	/** The key of checked inputs that hold no unknowns. */
	key(operation: Operation, inputs: Properties): Promise<string>;
	/** How to build from checked inputs that hold no unknowns. */
	build(operation: Operation, inputs: Properties): Build;
}

export function imageKind(recipe: ImageRecipe): Kind {
	const keyOf = async (operation: Operation, inputs: Properties) => (hasUnknown(inputs) ? UNKNOWN : recipe.key(operation, inputs));

	const predicted = async (operation: Operation, inputs: Properties): Promise<Properties> => ({
		...recipe.extra(inputs),
		key: await keyOf(operation, inputs),
		digest: UNKNOWN,
		size: UNKNOWN,
	});

	const built = async (operation: Operation, inputs: Properties): Promise<Properties> => {
		const key = await recipe.key(operation, inputs);
		const artifact: Artifact = await recipe.build(operation, inputs)(operation.work);
		return { ...recipe.extra(inputs), key, digest: artifact.digest, size: artifact.size };
	};

	return {
		refreshBeforeUpdate: false,

		async check(operation, news) {
			const checked = await recipe.check(operation, news);
			if (checked.failures.length === 0 && !hasUnknown(checked.inputs)) {
				const key = await recipe.key(operation, checked.inputs);
				operation.recipes.remember(key, recipe.build(operation, checked.inputs));
			}
			return checked;
		},

		async diff(operation, old, news): Promise<Difference> {
			const key = await keyOf(operation, news);
			const extra = recipe.extra(news);
			const sameExtra = Object.entries(extra).every(([name, value]) => sameValue(value, old.outputs[name]));
			if (sameExtra && key === old.outputs.key) return { changes: [], replaces: [] };
			const changes = differences(old.inputs, news, new Set(recipe.sources));
			// The same inputs may mean another image to another version of this package.
			if (changes.length === 0) changes.push({ path: ["key"], kind: "update", input: false });
			return { changes, replaces: [] };
		},

		async create(operation, inputs, preview) {
			if (preview) return { id: "", outputs: await predicted(operation, inputs) };
			return { id: `${operation.name}-${randomBytes(4).toString("hex")}`, outputs: await built(operation, inputs) };
		},

		async read(operation, recorded) {
			if (Object.keys(recorded.outputs).length === 0) {
				throw new UserError(`a ${recipe.what} cannot be imported`, {
					where: operation.name,
					remedy: "declare it without `import`: what was built already is found by its key and not built again",
				});
			}
			// An image is what its key says wherever it was built; a store that was cleaned is no drift.
			return recorded;
		},

		async update(operation, old, news, preview) {
			// A deadline or another path of the same content: nothing to build.
			if (preview && (await keyOf(operation, news)) === old.outputs.key) return { ...old.outputs, ...recipe.extra(news) };
			return preview ? predicted(operation, news) : built(operation, news);
		},

		// What was built stays in the store until it is cleaned (`persona gc`), for other stacks and for the next time.
		async remove() {},
	};
}
