// SPDX-License-Identifier: Apache-2.0
// What the store remembers of an image's making.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compositionOf, rememberComposition } from "../../components/image/composition.ts";
import { rememberBuilt, rememberInputs } from "../../components/image/records.ts";
import { openStore } from "../../components/image/store.ts";
import { sha256 } from "../../components/util/digest.ts";
import { composition, devicePersona, guestOf } from "./composition.ts";

const folder = mkdtempSync(join(tmpdir(), "persona-composition-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("an image is remembered with all it was built from, even what is only learnt later", async () => {
	const store = await openStore(join(folder, "store"));
	const { inputs, hypervisor } = composition();
	const image = { key: sha256("key"), digest: sha256("image"), size: 4096 };
	const guest = devicePersona("work").guest;
	const record = { kind: "guest", kernel: { digest: sha256("kernel"), size: 1, format: "flat" }, commandLine: "" };
	const blob = await store.put(Buffer.from(JSON.stringify(record)));
	await rememberBuilt(store, guest, "guest", blob.digest);
	await rememberInputs(store, guest, guestOf("work"));

	await rememberComposition(store, image, inputs);
	const first = await compositionOf(store, image.digest);
	expect(first).toMatchObject({ ...image, inputs, guests: { work: { digest: blob.digest, inputs: guestOf("work"), record } } });
	// Nobody told what Veil and the other guest were built from: it is missing, not made up.
	expect(first?.hypervisor).toEqual({ key: inputs.hypervisor, digest: "" });
	expect(first?.guests.probe).toEqual({ key: devicePersona("probe").guest, digest: "" });

	await rememberInputs(store, inputs.hypervisor, hypervisor.inputs ?? {});
	await rememberBuilt(store, inputs.hypervisor, "hypervisor", hypervisor.digest);
	await rememberComposition(store, image, inputs);
	expect((await compositionOf(store, image.digest))?.hypervisor).toEqual(hypervisor);
});

test("nothing is known of an image that was not composed here", async () => {
	const store = await openStore(join(folder, "empty"));
	expect(await compositionOf(store, sha256("another"))).toBeUndefined();
});
