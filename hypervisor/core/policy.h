/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: what personas may reach and share. One is in force; another can arrive over the control channel and take its place
 * while the personas run.
 *
 * Reading: whoever holds a persona's lock sees one policy for as long as he holds it. */
#ifndef VEIL_POLICY_H
#define VEIL_POLICY_H

#include <veil/abi.h>
#include <veil/types.h>

struct manifest;

/* A policy as Veil believes it: points into its VEIL_POLICY_BYTES bytes. */
struct policy {
	const struct veil_policy *header;
	const struct veil_network *networks;
	const struct veil_egress_rule *rules;
	const struct veil_channel *channels;
};

/* Checks the VEIL_POLICY_BYTES at `bytes` and finds the tables in them. False: nothing of it may be believed. */
bool policy_read(struct policy *policy, const uint8_t *bytes, uint32_t personas_known);

/* At boot: the manifest's is in force. */
void policy_init(const struct manifest *manifest);

/* The one in force; the caller holds the lock of a persona. */
const struct policy *policy_current(void);

/* Differs from one policy in force to the next. */
uint32_t policy_generation(void);

/* The network a persona is on; NULL: none. */
const struct veil_network *policy_network(const struct policy *policy, uint32_t persona);

/* The channel that carries this from one persona to another; NULL: there is none. */
const struct veil_channel *policy_channel(const struct policy *policy, uint32_t from, uint32_t to, uint32_t carries);

/* ---- Arrival of the next one. On the CPU that takes the board's interrupts, which holds no lock ---- */
enum veil_result policy_begin(uint32_t size, const uint8_t *sha256, size_t sha256_size);
enum veil_result policy_data(uint32_t offset, const uint8_t *data, size_t size);
enum veil_result policy_commit(void);
void policy_status(struct veil_policy_status *status);

#endif
