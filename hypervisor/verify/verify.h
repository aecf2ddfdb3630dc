/* SPDX-License-Identifier: Apache-2.0 */
/* What an image must prove before anything of it runs, and a policy before it is in force. Veil that is built with keys (KEYS=...) believes
 * what one of them has signed; without keys it is development.c that stands here, and no signature is asked for. Nothing changes that at run time.
 *
 * Why a guest can do no harm here: what is checked at boot is checked before there is one, and later only policies are, which come from the owner. */
#ifndef VEIL_VERIFY_H
#define VEIL_VERIFY_H

#include <veil/abi.h>
#include <veil/types.h>

struct manifest;

/* enum veil_signature_kind: what manifests and policies must be. */
uint32_t verify_kind(void);

/* Is the number of the newest image that was accepted kept on the board's disk? Then it is needed even if there are no volumes. */
bool verify_needs_disk(void);

/* ---- At boot: who is not satisfied says why and stops. Hashes: no guest may be loaded on this CPU ---- */
/* These bytes are what somebody with a key has signed. Before anything else in them is believed. */
void verify_manifest(const void *bytes, size_t size);
/* So is everything else in the image, and no image newer than it was accepted before. With memory, and the disk if it is needed. */
void verify_image(const struct manifest *manifest);

/* ---- Later ---- */
/* The running image is good: older ones are refused from now on. */
enum veil_result verify_accept(void);

/* Is the policy that has arrived signed, and not older than the one in force? AGAIN until that is known. Until verify_policy_forget() its bytes must
 * stay as they are, and it is asked again about the same. No guest may be loaded on this CPU. */
enum veil_result verify_policy(const uint8_t *bytes, uint32_t size);
void verify_policy_forget(void);

/* A short piece of that work, if it is due. */
void verify_step(uint64_t now);

#endif
