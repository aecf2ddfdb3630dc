/* SPDX-License-Identifier: Apache-2.0 */
/* CP15 c1, control register of an ARM1136 (Arm DDI 0211, 3.3.7; DDI 0100I, B3.4.1). */
#ifndef VEIL_SCTLR_H
#define VEIL_SCTLR_H

#define SCTLR_M 0x1U /* MMU on */
#define SCTLR_A 0x2U /* alignment is checked */
#define SCTLR_C 0x4U
#define SCTLR_S 0x100U /* system and ROM protection, for AP 0 */
#define SCTLR_R 0x200U
#define SCTLR_Z 0x800U
#define SCTLR_I 0x1000U
#define SCTLR_V 0x2000U /* vectors at 0xffff0000 */
#define SCTLR_RR 0x4000U
#define SCTLR_L4 0x8000U
#define SCTLR_FI 0x200000U
#define SCTLR_U 0x400000U /* unaligned accesses as of ARMv6 */
#define SCTLR_XP 0x800000U /* tables in ARMv6's format, without subpages */
#define SCTLR_EE 0x2000000U /* exceptions begin big-endian */

#define SCTLR_FIXED 0x50078U /* bits that read as one; all these are the value at reset */
/* Not B and VE: there are no big-endian words as before ARMv6, and no vectored interrupt controller beside the CPU. */
#define SCTLR_WRITABLE                                                                                                              \
	(SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_S | SCTLR_R | SCTLR_Z | SCTLR_I | SCTLR_V | SCTLR_RR | SCTLR_L4 | SCTLR_FI | SCTLR_U | \
	 SCTLR_XP | SCTLR_EE)

#endif
