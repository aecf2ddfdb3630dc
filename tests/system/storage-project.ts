// SPDX-License-Identifier: Apache-2.0
// A project whose personas fill their volumes once, and say at every start whether what they wrote is whole.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";
import { Project } from "../provider/project.ts";

/** Lines begin with `storage: `. The volume mounted at /data gets so many blocks of 64 KiB; one at /vault is only looked at. */
const script = (blocks: number) => `#!/bin/sh
say() { echo "storage: $*" >/dev/console; }
[ -e /vault/hello ] && say "vault begins with $(cat /vault/hello)"
say "size $(df -k /data | tail -n 1 | awk '{print $2}') KiB"
[ -e /data/hello ] && say "begins with $(cat /data/hello)"
if [ ! -e /data/sum ]; then
	dd if=/dev/urandom of=/data/blob bs=64k count=${blocks} 2>/dev/null
	sha256sum /data/blob >/data/sum
	sync
	say written
elif sha256sum -c -s /data/sum; then
	say whole
else
	say damaged
fi
`;

/** The project, with state of its own, no rules, the overlay `personas/<overlay>` and the contents `personas/data` and `personas/vault`. */
export function storageProject({ overlay, blocks }: { overlay: string; blocks: number }): Project {
	const project = new Project({
		plugin: join(packageRoot(), "plugin"),
		env: { PERSONA_LOCK: process.env.PERSONA_LOCK ?? join(packageRoot(), "persona.lock.yaml") },
	});
	project.env.XDG_STATE_HOME = join(project.folder, ".xdg");
	process.env.XDG_STATE_HOME = project.env.XDG_STATE_HOME;
	const start = `personas/${overlay}/etc/rc.local`;
	project.write(start, script(blocks));
	chmodSync(join(project.folder, start), 0o755);
	project.write("personas/rules.yaml", "version: 1\nkind: Rules\nrules: []\n");
	project.write("personas/data/hello", "good day\n");
	project.write("personas/vault/hello", "sesame opens\n");
	return project;
}
