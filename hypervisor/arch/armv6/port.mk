# SPDX-License-Identifier: Apache-2.0
# How Veil is compiled for armv6.
CROSS ?= arm-linux-gnueabi-
TIDY_TARGET = --target=arm-linux-gnueabi -mcpu=arm1136jf-s -mfloat-abi=soft -include arch/armv6/single_cpu.h
# What guests see: a folder of platforms/.
guest_machine = integrator_cp

# Thumb code is smaller by a third and slower by as much: the files on the way in and out of a guest are Arm code, for size as well: that is
# about as fast here, and smaller by a seventh. So are those with
# instructions that Thumb code has not, which are kept out of link-time optimisation besides, or they would be inlined into Thumb code. What is
# COLD is Thumb code in those files, too, and what is HOT is Arm code in the others.
hot = exception.c p15.c guest_memory.c shadow_quick.c integrator_cp.c pic.c hypercall.c timer.c omap_gptimer.c omap_intc.c
port_cpu = -mcpu=arm1136jf-s -mfloat-abi=soft -mno-unaligned-access -DLOOSE_WORDS=false -include arch/armv6/single_cpu.h -D'WIDE_INLINE=__attribute__((noinline, unused))' -D'COLD=__attribute__((cold, noinline, target("thumb")))' -D'HOT=__attribute__((target("arm")))'
port_speed = -Os -marm
port_size = -Os -fno-inline-functions-called-once -fno-tree-dominator-opts -fno-if-conversion -fno-ipa-cp -fno-ipa-sra -fno-partial-inlining -fno-tree-loop-im -fno-move-loop-invariants -fno-expensive-optimizations -fno-tree-tail-merge -fno-tree-scev-cprop -fno-shrink-wrap -mthumb
# Divisions of 64-bit numbers are libgcc's. Calls between Arm and Thumb code need no stubs: it is some ARM1176 that must not run BLX, which the linker
# takes any ARMv6 for (ld: --fix-arm1176).
port_link = -Wl,--defsym=LOAD_ADDRESS=$(load_address) -Wl,--defsym=LOAD_OFFSET=$(load_offset) -Wl,--no-fix-arm1176 -Wl,-z,noexecstack
port_libraries = -lgcc

# The compiler calls the first of them by name when it links.
arm_only = compiler cpu mmu vcpu vfp
$(arm_only:%=$(BUILD)/arch/armv6/%.c.o): target := $(subst -mthumb,-marm,$(subst -flto,,$(target)))
