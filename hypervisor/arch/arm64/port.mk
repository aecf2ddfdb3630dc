# SPDX-License-Identifier: Apache-2.0
# How Veil is compiled for arm64.
CROSS ?= aarch64-linux-gnu-
TIDY_TARGET = --target=aarch64-linux-gnu -march=armv8-a+crypto
# What guests see: a folder of platforms/.
guest_machine = virt

# For size; but the files on the way in and out of a guest for speed, without padding between functions (see docs/decisions/0050).
hot = exit.c guest_ram.c sched.c stage2.c virt.c vcpu.c
port_cpu = -mcmodel=tiny -mcpu=cortex-a53 -mgeneral-regs-only -mno-outline-atomics
port_speed = -O2 -fno-expensive-optimizations -falign-functions=4 -falign-jumps=1 -falign-loops=1 -falign-labels=1
port_size = -Os -fno-inline-small-functions -fno-partial-inlining -fno-tree-tail-merge -fno-ipa-pure-const -fno-ipa-cp -fno-ipa-sra -fno-shrink-wrap -fno-expensive-optimizations -fno-tree-loop-im -fno-move-loop-invariants
port_link = -fdata-sections -Wl,--defsym=LOAD_ADDRESS=$(load_address)

# Runs before there is an MMU, when memory takes aligned accesses only; and has its place, as link.ld says.
$(BUILD)/arch/arm64/mmu.c.o: target := $(subst -flto,,$(target)) -mstrict-align
# One file alone may use FP/SIMD registers.
$(BUILD)/arch/arm64/sha256.c.o: target := $(subst -flto,,$(subst -mgeneral-regs-only,-march=armv8-a+crypto,$(target)))
