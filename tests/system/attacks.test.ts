// SPDX-License-Identifier: Apache-2.0
// The attack suite on the declared phone's board and policy: every attack is contained, the neighbour keeps its share, `status` answers throughout.
// PERSONA_ATTACK_PHONE names another phone document; tests/attacks/describe-attacks.ts has more.
import { join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";
import { WAVES } from "../attacks/catalogue.ts";
import { describeAttacks } from "../attacks/describe-attacks.ts";

describeAttacks("qemu-virt", process.env.PERSONA_ATTACK_PHONE ?? join(packageRoot(), "stacks/dev.phone.yaml"), WAVES);
