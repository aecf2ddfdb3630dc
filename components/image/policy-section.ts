// SPDX-License-Identifier: Apache-2.0
// The manifest's policy section: what personas may reach and share, compiled to the bytes Veil reads, and read back for people.
import { isIPv4 } from "node:net";
import { ipv6Groups, portRanges } from "../manifest/addresses.ts";
import type { Policy } from "../manifest/index.ts";
import { sha256 } from "../util/digest.ts";
import { UserError } from "../util/errors.ts";
import {
	VEIL_CARRIES_CLIPBOARD,
	VEIL_CARRIES_FILES,
	VEIL_CARRIES_OWNER,
	VEIL_MAX_CHANNELS,
	VEIL_MAX_EGRESS_RULES,
	VEIL_MAX_NETWORKS,
	VEIL_NO_PERSONA,
	VEIL_POLICY_BYTES,
	VEIL_POLICY_FORMAT,
	VEIL_POLICY_MAGIC,
	VEIL_PROTOCOL_ANY,
	VEIL_PROTOCOL_ICMP,
	VEIL_PROTOCOL_TCP,
	VEIL_PROTOCOL_UDP,
	type VeilChannel,
	type VeilEgressRule,
	type VeilManifest,
	veilCarriesNames,
	veilChannel,
	veilEgressRule,
	veilNetwork,
	veilPolicy,
	veilProtocolNames,
	veilSignatureKindNames,
} from "./abi.ts";
import type { Codec } from "./codec.ts";
import { signatureFields } from "./sign-image.ts";
import { nameBytes, nameText } from "./veil-manifest.ts";

/** The part of a policy that Veil enforces while the personas run, and that can be replaced then. */
export type Sharing = Pick<Policy, "networks" | "channels" | "ownerAccess">;

export const NOTHING_SHARED: Sharing = { networks: {}, channels: [], ownerAccess: { off: [] } };

type Egress = Policy["networks"][string]["egress"][number];

const PROTOCOLS: Readonly<Record<Egress["protocol"], number>> = {
	any: VEIL_PROTOCOL_ANY,
	icmp: VEIL_PROTOCOL_ICMP,
	tcp: VEIL_PROTOCOL_TCP,
	udp: VEIL_PROTOCOL_UDP,
};

/** What of a persona shows in a policy. */
export interface PolicyPersona {
	name?: string;
	network?: string;
	agent?: boolean;
}

/**
 * The section for personas in their order. Networks nobody is on are left out, so that editing them changes nothing.
 *
 * @throws UserError when there are more rules than Veil takes
 */
export function encodePolicy(sharing: Sharing, personas: readonly PolicyPersona[]): Uint8Array {
	const { networks } = sharing;
	const used = Object.keys(networks)
		.sort()
		.flatMap((name) => {
			const members = personas.reduce((mask, { network }, index) => (network === name ? mask | (1 << index) : mask), 0);
			return members === 0 ? [] : [{ name, members, rules: (networks[name]?.egress ?? []).flatMap(egressRules) }];
		});
	const rules = used.flatMap((network) => network.rules);
	if (rules.length > VEIL_MAX_EGRESS_RULES || used.length > VEIL_MAX_NETWORKS) {
		throw new UserError(
			`the networks of this phone's personas need ${rules.length} egress rules, at most ${VEIL_MAX_EGRESS_RULES} are possible`,
			{ remedy: "use wider ranges of addresses or ports: each range of ports that follow each other counts once" },
		);
	}
	const networksAt = veilPolicy.size;
	const rulesAt = networksAt + used.length * veilNetwork.size;
	const channels = channelTable(sharing, personas);
	const channelsAt = rulesAt + rules.length * veilEgressRule.size;
	const size = channelsAt + channels.length * veilChannel.size;
	const bytes = new Uint8Array(VEIL_POLICY_BYTES);
	const header = {
		magic: VEIL_POLICY_MAGIC,
		format: VEIL_POLICY_FORMAT,
		mustUnderstand: 0,
		size,
		...signatureFields(undefined),
		networks: { offset: networksAt, count: used.length },
		egressRules: { offset: rulesAt, count: rules.length },
		channels: { offset: channelsAt, count: channels.length },
	};
	veilPolicy.write(header, bytes);
	let firstRule = 0;
	for (const [index, network] of used.entries()) {
		const { name, members } = network;
		const entry = { name: nameBytes(name), personas: members, firstRule, ruleCount: network.rules.length };
		veilNetwork.write(entry, bytes, networksAt + index * veilNetwork.size);
		firstRule += network.rules.length;
	}
	for (const [index, rule] of rules.entries()) veilEgressRule.write(rule, bytes, rulesAt + index * veilEgressRule.size);
	for (const [index, channel] of channels.entries()) veilChannel.write(channel, bytes, channelsAt + index * veilChannel.size);
	return bytes;
}

const CARRIES: Readonly<Record<string, number>> = { clipboard: VEIL_CARRIES_CLIPBOARD, files: VEIL_CARRIES_FILES };

/** Channels between personas that are there, and the owner's to each agent it may use; sorted as Veil wants them. */
function channelTable({ channels, ownerAccess }: Sharing, personas: readonly PolicyPersona[]): VeilChannel[] {
	const index = (name: string) => personas.findIndex((persona) => persona.name === name);
	const declared = channels.flatMap(({ from, to, carries, maxKiB, maxPerMinute }) => {
		const kind = CARRIES[carries];
		if (kind === undefined || index(from) < 0 || index(to) < 0) return [];
		return [{ from: index(from), to: index(to), carries: kind, maxBytes: maxKiB * 1024, perMinute: maxPerMinute }];
	});
	const owner = personas.flatMap(({ name, agent }, to) =>
		agent === true && !(name !== undefined && ownerAccess.off.includes(name))
			? [{ from: VEIL_NO_PERSONA, to, carries: VEIL_CARRIES_OWNER, maxBytes: 0, perMinute: 0 }]
			: [],
	);
	const table = [...declared, ...owner].map((channel) => ({ ...channel, reserved: 0, reserved2: 0 }));
	if (table.length > VEIL_MAX_CHANNELS) throw new UserError(`the policy has more than ${VEIL_MAX_CHANNELS} channels`);
	return table.sort((a, b) => channelKey(a) - channelKey(b));
}

function channelKey({ from, to, carries }: VeilChannel): number {
	return from * 65536 + to * 256 + carries;
}

function egressRules({ to, protocol, ports }: Egress, declared: number): VeilEgressRule[] {
	const [address = "", prefix = ""] = to.split("/");
	const ranges = ports.length === 0 ? [{ first: 0, last: 65_535 }] : portRanges(ports);
	return ranges.map(({ first, last }) => ({
		address: addressBytes(address),
		family: isIPv4(address) ? 4 : 6,
		prefix: Number(prefix),
		protocol: PROTOCOLS[protocol],
		reserved: 0,
		firstPort: first,
		lastPort: last,
		declared,
		reserved2: 0,
	}));
}

function addressBytes(address: string): Uint8Array {
	const bytes = isIPv4(address)
		? address.split(".").map(Number)
		: ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff]);
	const all = new Uint8Array(16);
	all.set(bytes);
	return all;
}

/** The policy's section of an image that was read. */
export function policySection({ manifest, manifestBytes }: { manifest: VeilManifest; manifestBytes: Uint8Array }): Uint8Array {
	return manifestBytes.subarray(manifest.policyOffset, manifest.policyOffset + VEIL_POLICY_BYTES);
}

/** Its digest as Veil tells it: of header and tables, without the room behind them. */
export function policyDigest(section: Uint8Array): string {
	return sha256(section.subarray(0, veilPolicy.read(section).size));
}

/** A policy for people. */
export interface ExplainedPolicy {
	/** `from` null: the owner, who may run commands and copy files. Indices of personas. */
	channels: { from: number | null; to: number; carries: string; maxBytes: number; perMinute: number }[];
	networks: { name: string; personas: number[]; rules: ExplainedRule[] }[];
}

/** What may leave: `to` in CIDR notation, `ports` such as `443` or `8000-8080`, undefined for all. */
export interface ExplainedRule {
	to: string;
	protocol: string;
	ports?: string;
}

/** Reads a section. @throws RangeError when it is none */
export function explainPolicy(section: Uint8Array): ExplainedPolicy {
	const { networks, rules, channels } = readPolicy(section);
	return {
		channels: channels.map(({ from, to, carries, maxBytes, perMinute }) => ({
			from: from === VEIL_NO_PERSONA ? null : from,
			to,
			carries: veilCarriesNames.get(carries) ?? `${carries}`,
			maxBytes,
			perMinute,
		})),
		networks: networks.map(({ name, personas, firstRule, ruleCount }) => ({
			name: nameText(name),
			personas: Array.from({ length: 32 }, (_, index) => index).filter((index) => ((personas >>> index) & 1) === 1),
			rules: rules.slice(firstRule, firstRule + ruleCount).map(explainRule),
		})),
	};
}

/** One rule for people. */
export function explainRule({ address, family, prefix, protocol, firstPort, lastPort }: VeilEgressRule): ExplainedRule {
	const all = firstPort === 0 && lastPort === 65_535;
	return {
		to: `${addressText(address, family)}/${prefix}`,
		protocol: veilProtocolNames.get(protocol) ?? `${protocol}`,
		...(all ? {} : { ports: firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}` }),
	};
}

/** An address as people write it; `family` is 4 or 6. */
export function addressText(address: Uint8Array, family: number): string {
	if (family === 4) return address.subarray(0, 4).join(".");
	const groups = Array.from({ length: 8 }, (_, at) => (((address[2 * at] ?? 0) << 8) | (address[2 * at + 1] ?? 0)).toString(16));
	return groups.join(":").replace(/(^|:)0(:0)+(:|$)/, "::");
}

function readPolicy(section: Uint8Array) {
	const header = veilPolicy.read(section);
	if (header.magic !== VEIL_POLICY_MAGIC || header.format !== VEIL_POLICY_FORMAT) throw new RangeError("its first words are wrong");
	const table = <T extends object>({ offset, count }: { offset: number; count: number }, codec: Codec<T>, most: number): T[] => {
		if (count > most || offset + count * codec.size > section.length) throw new RangeError("a table lies outside it");
		return Array.from({ length: count }, (_, index) => codec.read(section, offset + index * codec.size));
	};
	return {
		header,
		networks: table(header.networks, veilNetwork, VEIL_MAX_NETWORKS),
		rules: table(header.egressRules, veilEgressRule, VEIL_MAX_EGRESS_RULES),
		channels: table(header.channels, veilChannel, VEIL_MAX_CHANNELS),
	};
}

/** Everything that is wrong with a section, as sentences. */
export function* policyProblems(section: Uint8Array, personas: number): Generator<string> {
	let read: ReturnType<typeof readPolicy>;
	try {
		read = readPolicy(section);
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		yield `the policy: ${error.message}`;
		return;
	}
	const { header, networks, rules, channels } = read;
	const rulesAt = veilPolicy.size + networks.length * veilNetwork.size;
	const channelsAt = rulesAt + rules.length * veilEgressRule.size;
	const end = channelsAt + channels.length * veilChannel.size;
	if (header.mustUnderstand !== 0) yield "the policy asks for what this version does not know";
	if (!veilSignatureKindNames.has(header.signatureKind)) yield "the policy is signed in a way this version does not know";
	if (header.networks.offset !== veilPolicy.size || header.egressRules.offset !== rulesAt)
		yield "a table of the policy is not where the one before it ends";
	if (header.channels.offset !== channelsAt || header.size !== end) yield "the policy does not end where its tables do";
	if (section.subarray(header.size).some((byte) => byte !== 0)) yield "the room behind the policy is not zero";
	let next = 0;
	let taken = 0;
	for (const network of networks) {
		const name = nameText(network.name);
		if (name === "" || network.name.subarray(name.length).some((byte) => byte !== 0)) yield "a network has no proper name";
		if (network.personas >= 2 ** personas || (network.personas & taken) !== 0)
			yield `network ${name} has a persona that is not there, or is on another one`;
		if (network.firstRule !== next) yield `network ${name}: its rules are not where the ones before them end`;
		taken |= network.personas;
		next += network.ruleCount;
	}
	if (next !== rules.length) yield "a rule of the policy belongs to no network";
	for (const [index, rule] of rules.entries()) if (!isRule(rule)) yield `egress rule ${index} contradicts itself`;
	for (const [index, channel] of channels.entries()) {
		const before = channels[index - 1];
		if (!isChannel(channel, personas) || (before !== undefined && channelKey(before) >= channelKey(channel)))
			yield `channel ${index} contradicts itself or is out of order`;
	}
}

function isChannel({ from, to, carries, maxBytes, perMinute, reserved, reserved2 }: VeilChannel, personas: number): boolean {
	if (reserved !== 0 || reserved2 !== 0 || to >= personas || from === to) return false;
	if (carries === VEIL_CARRIES_OWNER) return from === VEIL_NO_PERSONA && maxBytes === 0 && perMinute === 0;
	return from < personas && carries <= VEIL_CARRIES_FILES && maxBytes > 0 && perMinute > 0;
}

function isRule(rule: VeilEgressRule): boolean {
	const { address, family, prefix, protocol, firstPort, lastPort } = rule;
	const bits = family === 4 ? 32 : family === 6 ? 128 : -1;
	const clear = [...address].every((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, prefix - 8 * at)))) === 0);
	const hasPorts = protocol === VEIL_PROTOCOL_TCP || protocol === VEIL_PROTOCOL_UDP;
	const ports = hasPorts ? firstPort <= lastPort : firstPort === 0 && lastPort === 65_535;
	return prefix <= bits && clear && ports && veilProtocolNames.has(protocol) && rule.reserved === 0 && rule.reserved2 === 0;
}
