/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the board qemu-virt (QEMU's virtual arm64 machine). Generated from boards/qemu-virt/board.yaml by
 * tools/generate-board-header.ts: change them there. Interrupts are INTIDs. */
#ifndef VEIL_BOARD_QEMU_VIRT_H
#define VEIL_BOARD_QEMU_VIRT_H

#define BOARD_NAME "qemu-virt"

/* Processor.
 * Source: hypervisor/include/veil/abi.h VEIL_MAX_CPUS; QEMU itself would allow 512 with GICv3 (hw/arm/virt.c, max_cpus). */
#define BOARD_CPU_MAX_COUNT 8

/* Memory.
 * Source: device tree of QEMU 7.2 (memory@40000000); 3 GiB is what lies below 4 GiB, a limit of ours. */
#define BOARD_RAM_BASE 0x40000000
#define BOARD_RAM_MIN_SIZE 0x01000000
#define BOARD_RAM_MAX_SIZE 0xc0000000

/* Loading: EL2, MMU and caches off, x0 = address of QEMU's device tree.
 * Source: QEMU 7.2 hw/arm/boot.c load_aarch64_image (text_offset 0 means 2 MiB), seen by running it. */
#define BOARD_LOAD_ADDRESS 0x40200000
#define BOARD_LOAD_OFFSET 0x00200000

/* Interrupt controller: gicv3.
 * Source: device tree of QEMU 7.2 (intc@8000000, PPI 9); list registers and priority bits read from ICH_VTR_EL2. */
#define BOARD_GICD_BASE 0x08000000
#define BOARD_GICD_SIZE 0x00010000
#define BOARD_GICR_BASE 0x080a0000
#define BOARD_GICR_STRIDE 0x00020000
#define BOARD_GIC_LIST_REGISTERS 4
#define BOARD_GIC_PRIORITY_BITS 5
#define BOARD_IRQ_MAINTENANCE 25

/* Timers: arm-architected.
 * Source: device tree of QEMU 7.2 (timer, PPIs 10, 11, 14); CNTFRQ_EL0 of QEMU's cortex-a57. */
#define BOARD_IRQ_HYP_TIMER 26
#define BOARD_IRQ_VIRT_TIMER 27
#define BOARD_IRQ_PHYS_TIMER 30
#define BOARD_TIMER_HZ 62500000

/* Serial line: pl011.
 * Source: device tree of QEMU 7.2 (pl011@9000000 SPI 1, apb-pclk). */
#define BOARD_UART_BASE 0x09000000
#define BOARD_UART_SIZE 0x00001000
#define BOARD_UART_IRQ 33
#define BOARD_UART_CLOCK_HZ 24000000

/* Clock: pl031.
 * Source: device tree of QEMU 7.2 (pl031@9010000 SPI 2). */
#define BOARD_RTC_BASE 0x09010000
#define BOARD_RTC_SIZE 0x00001000
#define BOARD_RTC_IRQ 34

/* Firmware configuration.
 * Source: device tree of QEMU 7.2 (fw-cfg@9020000). */
#define BOARD_FW_CFG_BASE 0x09020000
#define BOARD_FW_CFG_SIZE 0x00000018

/* virtio-mmio.
 * Source: device tree of QEMU 7.2 (virtio_mmio@a000000 SPI 16 and the 31 after it). */
#define BOARD_VIRTIO_BASE 0x0a000000
#define BOARD_VIRTIO_STRIDE 0x00000200
#define BOARD_VIRTIO_COUNT 32
#define BOARD_VIRTIO_IRQ 48

/* Display: ramfb.
 * Source: QEMU 7.2 hw/display/ramfb.c; the size is ours to choose, that of an N800. */
#define BOARD_PIXEL_FORMAT 0x34325258
#define BOARD_PIXEL_BYTES 4
#define BOARD_DISPLAY_WIDTH 800
#define BOARD_DISPLAY_HEIGHT 480

/* Limits.
 * Source: hypervisor/include/veil/abi.h VEIL_MAX_PERSONAS, VEIL_MAX_CPUS; Debian's kernel is 33 MB, kept once, with an initial filesystem a persona. */
#define BOARD_MAX_PERSONAS 8
#define BOARD_MAX_VIRTUAL_CPUS 8

#endif
