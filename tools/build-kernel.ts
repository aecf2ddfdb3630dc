// SPDX-License-Identifier: Apache-2.0
// Builds the kernel of ARMv6 guests into the cache from what is in it already, before the tests ask for it; what hinders that, they find out by
// themselves.
//
//     node tools/build-kernel.ts
import { loadLock, openStore } from "../components/image/index.ts";
import { kernelBuild, linuxArmv6 } from "../components/image/linux-armv6.ts";
import { referenceOf } from "../components/image/lock.ts";
import { packageRoot } from "../components/util/paths.ts";
import { silent } from "../components/util/progress.ts";

async function build(): Promise<void> {
	const [lock, store] = [await loadLock(packageRoot()), await openStore()];
	const sources = lock.debian.packages.find((entry) => referenceOf(entry) === lock.debian.kernelSource);
	if (sources === undefined) return;
	const fetch = async () => {
		const stored = await store.get(`sha256:${sources.sha256}`);
		if (stored === undefined) throw new Error("its sources are not in the cache");
		return stored;
	};
	await linuxArmv6(sources, await kernelBuild(), fetch, { store, progress: silent });
}

await build().catch(() => {});
