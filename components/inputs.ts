// SPDX-License-Identifier: Apache-2.0
// Types of what programs pass in: documents in code any part of which may be an output of another resource.
import type { Input } from "@pulumi/pulumi";

/** A value any part of which may be an output or a promise. */
export type Inputs<T> = T extends string | number | boolean | null | undefined
	? Input<T>
	: T extends readonly (infer Item)[]
		? Input<readonly Inputs<Item>[]>
		: Input<InputsOf<T>>;

/** An object whose parts may be outputs or promises, itself being plain. */
export type InputsOf<T> = { [Name in keyof T]: Inputs<T[Name]> };
