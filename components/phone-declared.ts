// SPDX-License-Identifier: Apache-2.0
// What a Phone was declared as: asks the provider for the resources it consists of, and hands their parts on as they were given, so that
// outputs stay outputs and secrets stay secret.
import type pulumi from "@pulumi/pulumi";
import type { GuestImageArgs } from "./guest-image.ts";
import type { HandsetArgs } from "./handset.ts";
import type { InputsOf } from "./inputs.ts";
import type { PhoneParts } from "./manifest/index.ts";
import type { PhoneArgs } from "./phone.ts";
import type { DescribedVolume, PhoneDescription } from "./provider/describe-phone.ts";
import { invoke, Output, output, RunError } from "./sdk.ts";

export interface DeclaredPhone {
	readonly board: string;
	readonly veilBuilder: "debian" | "buildroot";
	readonly target: NonNullable<HandsetArgs["target"]>;
	readonly personas: readonly {
		readonly name: string;
		readonly document: GuestImageArgs["document"];
		readonly volumes: readonly DescribedVolume[];
	}[];
	/** The phone for a DeviceImage. */
	readonly source: pulumi.Input<string> | InputsOf<PhoneParts>;
	/** Public keys whose images it accepts; undefined where they are not signed. */
	readonly trustedKeys?: readonly string[];
}

/** Throws a RunError with all problems of all documents, each with its place first. */
export async function declaredPhone(args: PhoneArgs, parent: pulumi.Resource): Promise<DeclaredPhone> {
	const source = "phone" in args ? args.phone : args;
	const { value, complete } = await settle(source);
	if (value === undefined) throw new RunError("phone: the path of a Phone document must be known in previews");
	const answer: PhoneDescription = await invoke("persona:index:describePhone", { phone: value, complete }, { parent });
	if (answer.problems !== "") throw new RunError(answer.problems);
	const { board, veilBuilder, target, personas, trustedKeys } = answer;
	return {
		board,
		veilBuilder,
		...(trustedKeys === undefined ? {} : { trustedKeys }),
		target: { ...target, via: target.via as "qemu" | "usb" },
		personas: personas.map(({ name, document, volumes }, index) => ({
			name,
			volumes,
			document: document ?? partOf(args, index),
		})),
		source,
	};
}

/** A persona given in code, as it was given. */
function partOf(args: PhoneArgs, index: number): GuestImageArgs["document"] {
	const personas = "personas" in args ? args.personas : [];
	if (Array.isArray(personas)) return personas[index] as GuestImageArgs["document"];
	return output(personas).apply((all) => (all as unknown[])[index]) as GuestImageArgs["document"];
}

/**
 * The plain value of inputs; `complete` is false when a part is not known yet, which is then left out. (`isKnown` and `promise` are how
 * the SDK's own components look into an output.)
 */
async function settle(input: unknown): Promise<{ value: unknown; complete: boolean }> {
	if (Output.isInstance(input)) {
		const output = input as unknown as { isKnown: Promise<boolean>; promise(): Promise<unknown> };
		return (await output.isKnown) ? settle(await output.promise()) : { value: undefined, complete: false };
	}
	if (input instanceof Promise) return settle(await input);
	if (typeof input !== "object" || input === null) return { value: input, complete: true };
	const members = await Promise.all(Object.entries(input).map(async ([name, member]) => [name, await settle(member)] as const));
	const value = Array.isArray(input)
		? members.map(([, member]) => member.value)
		: Object.fromEntries(members.filter(([, member]) => member.value !== undefined).map(([name, member]) => [name, member.value]));
	return { value, complete: members.every(([, { complete }]) => complete) };
}
