// SPDX-License-Identifier: Apache-2.0
// Fetches all that the lock names into the cache, before the tests ask for it; what cannot be had, they find out by themselves.
//
//     node tools/fetch-locked.ts
import { fetchLocked, loadLock, openStore } from "../components/image/index.ts";
import { packageRoot } from "../components/util/paths.ts";
import { silent } from "../components/util/progress.ts";

await fetchLocked(await loadLock(packageRoot()), { store: await openStore(), progress: silent }).catch(() => {});
