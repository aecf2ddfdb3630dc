// SPDX-License-Identifier: Apache-2.0
// What arrives from the engine and leaves for it: unknowns, secrets, references; and what counts as a difference.
import fc from "fast-check";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, test } from "vitest";
import { differences, formatPath } from "../../components/provider/diff.ts";
import {
	decode,
	encode,
	hasUnknown,
	type Properties,
	secretsOf,
	UNKNOWN,
	type Value,
} from "../../components/provider/properties.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown) => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const reference = (id: string) => ({ [SIGNATURE]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "urn:pulumi:…", id });
const from = (value: object) => decode(structProto.Struct.fromJavaScript(value as never));

const name = fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== SIGNATURE && key !== "__proto__");
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
	value: fc.oneof(
		{ depthSize: "small" },
		fc.constant(null),
		fc.boolean(),
		fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
		fc.string(),
		fc.constant(UNKNOWN as Value),
		fc.array(tie("value"), { maxLength: 4 }),
		fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
	),
})).value;
const properties = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<Properties>;

test("whatever is encoded is decoded to the same", () => {
	fc.assert(
		fc.property(properties, (values) => {
			expect(decode(encode(values)).values).toEqual(values);
		}),
	);
});

test("marked secrets come back at the same places", () => {
	fc.assert(
		fc.property(properties, (values) => {
			const paths = Object.keys(values).map((key) => [key]);
			const decoded = decode(encode(values, paths));
			expect(decoded.values).toEqual(values);
			expect([...decoded.secrets].sort()).toEqual(paths.sort());
		}),
	);
});

test("secrets inside secrets, references and unknown references are understood", () => {
	const { values, secrets } = from({ a: { b: secret([secret("x")]) }, handset: reference("pocket-1"), other: reference("") });
	expect(values).toEqual({ a: { b: ["x"] }, handset: "pocket-1", other: UNKNOWN });
	expect(secrets).toEqual([
		["a", "b"],
		["a", "b", 0],
	]);
	expect(hasUnknown(values)).toBe(true);
});

test("assets are named, not taken", () => {
	expect(from({ document: { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "x" } }).unsupported).toEqual([["document"]]);
});

test("what is handed through keeps its secrets where they were; what follows from them is secret as a whole", () => {
	const inputs = { document: { name: "work", commandLine: "token" }, board: "qemu-virt" };
	const result = { ...inputs, commandLine: "console token", key: "sha256:1" };
	expect(secretsOf(result, inputs, [["document", "commandLine"]])).toEqual([["document", "commandLine"], ["commandLine"], ["key"]]);
	expect(secretsOf(result, inputs, [])).toEqual([]);
});

test("nothing differs from itself, unless it is unknown", () => {
	fc.assert(
		fc.property(properties, (values) => {
			expect(differences(values, values).length > 0).toBe(hasUnknown(values));
		}),
	);
});

test("differences are named by field, the way Pulumi writes paths", () => {
	const olds = { overlay: { "etc/motd": "1" }, policy: { networks: { work: { egress: [{ ports: [80] }] } } }, same: [1] };
	const news = { overlay: { "etc/hosts": "2" }, policy: { networks: { work: { egress: [{ ports: [80, 443] }] } } }, same: [1] };
	expect(differences(olds, news).map(({ path, kind }) => `${kind} ${formatPath(path)}`)).toEqual([
		'add overlay["etc/hosts"]',
		'delete overlay["etc/motd"]',
		"add policy.networks.work.egress[0].ports[1]",
	]);
});
