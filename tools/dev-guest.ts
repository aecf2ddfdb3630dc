// SPDX-License-Identifier: Apache-2.0
// Builds one persona's guest as `pulumi up` would, without a phone's documents: for tests and measurements that compose their images themselves.
import { findGuest } from "../components/image/guest.ts";
import { type BuildContext, buildGuest, guestInputs, guestKey, guestSources } from "../components/image/index.ts";
import type { GuestInputs } from "../components/image/types.ts";
import { type PhoneParts, phoneFromParts, renderProblems } from "../components/manifest/index.ts";

type PersonaPart = Exclude<PhoneParts["personas"][number], string>;

/** What a guest starts from, by path in the store. */
export interface DevGuest {
	inputs: GuestInputs;
	kernel: string;
	initramfs: string;
}

/**
 * The guest of a persona; paths in it are relative to `folder`. What is not given is a persona's default.
 *
 * @throws Error when the document has problems, or the guest has no initial filesystem
 */
export async function buildDevGuest(
	persona: Omit<PersonaPart, "indicator">,
	folder: string,
	context: BuildContext,
	{ board = "qemu-virt", policy }: Partial<Pick<PhoneParts, "board" | "policy">> = {},
): Promise<DevGuest> {
	const { resolved, problems } = await phoneFromParts(
		{
			name: "dev",
			board,
			...(policy === undefined ? {} : { policy }),
			personas: [{ indicator: { label: "Dev", colour: "#808080" }, ...persona }],
		},
		folder,
	);
	const loaded = resolved?.personas[0];
	if (resolved === undefined || loaded === undefined) throw new Error(renderProblems(problems));
	const inputs = await guestInputs(loaded, resolved.board.document, context.lock);
	await buildGuest(inputs, guestSources(loaded), context);
	const found = await findGuest(guestKey(inputs), context.store);
	const path = (digest: string | undefined) => found?.blobs.get(digest ?? "")?.path;
	const [kernel, initramfs] = [path(found?.record.kernel?.digest), path(found?.record.initramfs?.digest)];
	if (kernel === undefined || initramfs === undefined)
		throw new Error("the guest that was just built has no kernel or no initial filesystem");
	return { inputs, kernel, initramfs };
}
