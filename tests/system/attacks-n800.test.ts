// SPDX-License-Identifier: Apache-2.0
// The attack suite of the N800, whose guests' kernels run in user mode: as attacks.test.ts, from flash to the table at the end.
import { join } from "node:path";
import { packageRoot } from "../../components/util/paths.ts";
import { WAVES_ARMV6 } from "../attacks/catalogue-armv6.ts";
import { describeAttacks } from "../attacks/describe-attacks.ts";

describeAttacks("n800", join(packageRoot(), "stacks/n800.phone.yaml"), WAVES_ARMV6);
