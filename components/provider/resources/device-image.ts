// SPDX-License-Identifier: Apache-2.0
// DeviceImage: Veil, the compiled manifest and every persona's guest in one file, composed from a Phone document.
import type { DeviceImageInputs } from "../../image/index.ts";
import type { PhoneSigning, ResolvedPhone } from "../../manifest/index.ts";
import { documentFailures, InputReader } from "../inputs.ts";
import { asValue, hasUnknown, isObject, type Properties, UNKNOWN, type Value } from "../properties.ts";
import type { PhoneSource } from "../stages.ts";
import { imageKind } from "./image.ts";

const SOURCE = "phone";
/** Stands in for a key that is not known yet, while the rest of the inputs is expanded. */
const PLACEHOLDER = "unknown";

/**
 * The inputs as Pulumi shows them: the policy's own fields in place of its digest, and each guest's key under `guests` only, so that one
 * change is shown once.
 */
function shown(inputs: DeviceImageInputs, phone: ResolvedPhone, source: Value, hypervisor: Value, guests: Properties): Properties {
	const { personas, hypervisor: _, policy, ...rest } = inputs;
	return {
		...(asValue(rest) as Properties),
		[SOURCE]: source,
		hypervisor,
		guests,
		personas: personas.map(({ guest: _guest, ...persona }) => asValue(persona)),
		policy: asValue(phone.policy.document),
		policyDigest: policy.digest,
		...(phone.signing === undefined ? {} : { signing: shownSigning(phone.signing) }),
		ready: phone.personas.map(({ document }) => ({
			name: document.name,
			readyMarker: document.ready.marker,
			readyDeadlineSeconds: document.ready.deadlineSeconds,
		})),
	};
}

/** Who signs: public parts alone, and where the key is declared. */
function shownSigning({ file, key, version, trusted }: PhoneSigning): Properties {
	return { key: file, publicKey: key.hex, fingerprint: key.fingerprint, version, trustedKeys: trusted.map(({ hex }) => hex) };
}

/** The inputs as the compose stage takes them: the reverse of `shown`. */
function deviceImageInputs(inputs: Properties): DeviceImageInputs {
	const { [SOURCE]: _source, guests, personas, policy, policyDigest, ready: _ready, signing, ...rest } = inputs;
	const keys = isObject(guests) ? guests : {};
	const { name, networks, channels, ownerAccess } = isObject(policy) ? policy : {};
	return {
		...rest,
		personas: Array.isArray(personas)
			? personas.map((persona) => (isObject(persona) ? { ...persona, guest: keys[String(persona.name)] } : persona))
			: [],
		policy: { name, digest: policyDigest, networks, channels, ownerAccess },
		...(isObject(signing)
			? { signing: { publicKey: signing.publicKey, fingerprint: signing.fingerprint, version: signing.version } }
			: {}),
	} as unknown as DeviceImageInputs;
}

/** `development`, or the fingerprint of who signs. Inputs that are not known yet have not been expanded. */
function signatureOf({ signing, ready }: Properties): Value {
	if (isObject(signing)) return signing.fingerprint ?? UNKNOWN;
	return ready === undefined ? UNKNOWN : "development";
}

export const deviceImage = imageKind({
	what: "device image",
	sources: [SOURCE, "policyDigest"],
	extra: (inputs) => ({
		board: inputs.board ?? UNKNOWN,
		signature: signatureOf(inputs),
		personas: inputs.ready ?? UNKNOWN,
		...(isObject(inputs.signing) ? { trustedKeys: inputs.signing.trustedKeys ?? UNKNOWN } : {}),
	}),

	async check(operation, news) {
		const reader = new InputReader(news, [SOURCE, "hypervisor", "guests"]);
		const source = reader.document(SOURCE);
		const hypervisor = reader.text("hypervisor");
		const guests = news.guests ?? {};
		if (guests !== UNKNOWN && !isObject(guests))
			reader.fail("guests", "give the key of each persona's guest image by the persona's name");
		if (reader.failures.length > 0) return { inputs: news, failures: reader.failures };
		if (hasUnknown(source) || !isObject(guests)) return { inputs: { [SOURCE]: source, hypervisor, guests }, failures: [] };

		const { stages } = operation;
		const { resolved, problems } = await stages.loadPhone(source as PhoneSource);
		if (resolved === undefined || problems.length > 0) {
			return { inputs: news, failures: documentFailures(problems, stages.projectDir, (property) => `${SOURCE}.${property}`) };
		}
		const names = resolved.personas.map(({ document }) => document.name);
		for (const name of names)
			if (guests[name] === undefined) reader.fail("guests", `the guest image of persona "${name}" is missing`);
		for (const name of Object.keys(guests)) {
			if (!names.includes(name)) reader.fail(`guests.${name}`, `the phone has no persona "${name}"; it has ${names.join(", ")}`);
		}
		if (reader.failures.length > 0) return { inputs: news, failures: reader.failures };
		const known = (value: Value | undefined) => (typeof value === "string" ? value : PLACEHOLDER);
		const guestKeys = Object.fromEntries(names.map((name) => [name, known(guests[name])]));
		const inputs = await stages.deviceImageInputs(resolved, known(hypervisor), guestKeys);
		return { inputs: shown(inputs, resolved, source, hypervisor, guests), failures: [] };
	},

	key: (operation, inputs) => operation.stages.deviceImageKey(deviceImageInputs(inputs)),

	build: (operation, inputs) => async (work) => {
		const { stages, recipes } = operation;
		const wanted = deviceImageInputs(inputs);
		const hypervisor = await recipes.obtain(wanted.hypervisor, "the hypervisor image", stages, work);
		const guests = await Promise.all(
			wanted.personas.map(
				async ({ name, guest }) => [name, await recipes.obtain(guest, `${name}'s guest image`, stages, work)] as const,
			),
		);
		return stages.composeDeviceImage(wanted, { hypervisor, guests: Object.fromEntries(guests) }, work);
	},
});
