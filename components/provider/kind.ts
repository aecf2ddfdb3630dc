// SPDX-License-Identifier: Apache-2.0
// What the provider asks of each kind of resource: plain values in, plain values out, no protocol.
import type { Change } from "./diff.ts";
import type { Properties } from "./properties.ts";
import type { Operation } from "./session.ts";

/** Something wrong with inputs. `property` is empty when the reason itself says where. */
export interface Failure {
	readonly property: string;
	readonly reason: string;
}

export interface Checked {
	/** The inputs with everything filled in that they stand for. */
	readonly inputs: Properties;
	readonly failures: readonly Failure[];
}

export interface Difference {
	readonly changes: readonly Change[];
	/** Top-level inputs a change of which makes another resource of it. */
	readonly replaces: readonly string[];
	readonly deleteBeforeReplace?: boolean;
}

/** A resource as the engine's state has it. */
export interface Recorded {
	readonly id: string;
	readonly inputs: Properties;
	readonly outputs: Properties;
}

export interface Kind {
	/** Whether the engine is to read the resource before each update. */
	readonly refreshBeforeUpdate: boolean;
	/** Outputs that are secret whatever the inputs are. */
	readonly secretOutputs?: readonly string[];
	/** Inputs whose secrets no other output is derived from. */
	readonly containedSecrets?: readonly string[];
	/** Expands inputs and finds everything wrong with them. They may hold unknowns; it writes nothing. */
	check(operation: Operation, news: Properties, olds: Properties): Promise<Checked>;
	diff(operation: Operation, old: Recorded, news: Properties): Promise<Difference>;
	/** Makes the resource; a preview writes nothing and predicts what it can. */
	create(operation: Operation, inputs: Properties, preview: boolean): Promise<{ id: string; outputs: Properties }>;
	/** What is there now; undefined when it is gone. An import has an id and no inputs. */
	read(operation: Operation, recorded: Recorded): Promise<Recorded | undefined>;
	update(operation: Operation, old: Recorded, news: Properties, preview: boolean): Promise<Properties>;
	remove(operation: Operation, old: Recorded): Promise<void>;
}
