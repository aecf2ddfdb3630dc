/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy is in force, and how another one takes its place. */
#include "policy.h"

#include <veil/arch.h>
#include <veil/cpu.h>

#include "lib.h"
#include "log.h"
#include "mux.h"
#include "persona.h"
#include "sched.h"
#include "sha256.h"
#include "table.h"
#include "verify/verify.h"

#define HASHED_AT_ONCE 64 /* bytes: some 2,600 instructions where they are dear */

/* One policy and its bytes. The boot's lies in the manifest instead. */
struct slot {
	struct policy policy;
	uint8_t bytes[VEIL_POLICY_BYTES] __attribute__((aligned(64)));
};

static struct {
	const struct policy *current; /* atomic */
	uint8_t sha256[VEIL_SHA256_BYTES]; /* of the current one */
	uint32_t replaced;
	/* The next one, which arrives in the slot that is not in use */
	struct slot *next;
	uint32_t size;
	uint32_t arrived;
	uint8_t wanted[VEIL_SHA256_BYTES];
	uint32_t hashed;
	struct sha256 hash;
	uint8_t found[VEIL_SHA256_BYTES]; /* its digest */
	struct slot slots[2];
} policy;

/* ---- Reading ---- */

static const struct table_kind kinds[] IN_GAP(9) = {
	{sizeof(struct veil_network), VEIL_MAX_NETWORKS, 0, 0},
	{sizeof(struct veil_egress_rule), VEIL_MAX_EGRESS_RULES, 0, 0},
	{sizeof(struct veil_channel), VEIL_MAX_CHANNELS, 0, 0},
	{0, 0, 0, 0},
};

/* Are the bits after the prefix zero? By words: there may be many rules. */
static bool address_is_clear(const uint8_t address[16], uint32_t prefix)
{
	uint32_t words[4];

	memcpy(words, __builtin_assume_aligned(address, sizeof(*words)), sizeof(words));
	for (uint32_t i = 0; i < 4; i++) {
		if (prefix >= 32)
			prefix -= 32;
		else if (__builtin_bswap32(words[i]) << prefix)
			return false;
		else
			prefix = 0;
	}
	return true;
}

static bool rule_is_valid(const struct veil_egress_rule *r)
{
	bool has_ports = r->protocol == VEIL_PROTOCOL_TCP || r->protocol == VEIL_PROTOCOL_UDP;

	if (r->reserved || r->reserved2 || r->first_port > r->last_port ||
	    !(has_ports || r->protocol == VEIL_PROTOCOL_ANY || r->protocol == VEIL_PROTOCOL_ICMP))
		return false;
	if (!has_ports && (r->first_port != 0 || r->last_port != UINT16_MAX))
		return false;
	return ((r->family == 4 && r->prefix <= 32) || (r->family == 6 && r->prefix <= 128)) && address_is_clear(r->address, r->prefix);
}

static uint32_t channel_key(const struct veil_channel *c)
{
	return (uint32_t)c->from << 16 | (uint32_t)c->to << 8 | c->carries;
}

static bool channel_is_valid(const struct veil_channel *c, uint32_t personas_known)
{
	if (c->reserved || c->reserved2 || c->to >= personas_known || c->from == c->to)
		return false;
	if (c->carries == VEIL_CARRIES_OWNER)
		return c->from == VEIL_NO_PERSONA && !c->max_bytes && !c->per_minute;
	return c->from < personas_known && c->carries <= VEIL_CARRIES_FILES && c->max_bytes && c->per_minute;
}

bool policy_read(struct policy *p, const uint8_t *bytes, uint32_t personas_known)
{
	const struct veil_policy *header = (const void *)bytes;
	uint32_t rules = 0, taken = 0, least = 0;
	const void *found[ARRAY_COUNT(kinds) - 1];

	if (header->magic != VEIL_POLICY_MAGIC || header->format != VEIL_POLICY_FORMAT || header->must_understand != 0 ||
	    header->size > VEIL_POLICY_BYTES || header->signature_kind != verify_kind())
		return false;
	if (tables_follow(header, sizeof(*header), &header->networks, kinds, found) != header->size)
		return false;
	*p = (struct policy){.header = header, .networks = found[0], .rules = found[1], .channels = found[2]};
	for (uint32_t i = 0; i < header->networks.count; i++) {
		const struct veil_network *n = &p->networks[i];

		if (!name_is_valid(n->name) || n->personas >> personas_known || (n->personas & taken) || n->first_rule != rules)
			return false;
		taken |= n->personas;
		rules += n->rule_count;
	}
	if (rules != header->egress_rules.count)
		return false;
	for (uint32_t i = 0; i < rules; i++)
		if (!rule_is_valid(&p->rules[i]))
			return false;
	for (const struct veil_channel *c = p->channels; c < p->channels + header->channels.count; c++) {
		if (!channel_is_valid(c, personas_known) || channel_key(c) < least)
			return false;
		least = channel_key(c) + 1;
	}
	return true;
}

/* ---- In force ---- */

void policy_init(const struct manifest *manifest)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, manifest->policy.header, manifest->policy.header->size);
	sha256_final(&hash, policy.sha256);
	policy.current = &manifest->policy;
	policy.replaced = 0;
	policy.next = NULL;
	policy.arrived = policy.size = 0;
}

const struct policy *policy_current(void)
{
	return __atomic_load_n(&policy.current, __ATOMIC_ACQUIRE);
}

uint32_t policy_generation(void)
{
	return __atomic_load_n(&policy.replaced, __ATOMIC_ACQUIRE);
}

const struct veil_network *policy_network(const struct policy *p, uint32_t persona)
{
	for (uint32_t i = 0; i < p->header->networks.count; i++)
		if (p->networks[i].personas >> persona & 1)
			return &p->networks[i];
	return NULL;
}

const struct veil_channel *policy_channel(const struct policy *p, uint32_t from, uint32_t to, uint32_t carries)
{
	for (uint32_t i = 0; i < p->header->channels.count; i++) {
		const struct veil_channel *c = &p->channels[i];

		if (c->from == from && c->to == to && c->carries == carries)
			return c;
	}
	return NULL;
}

/* ---- Arrival ---- */

/* Hashing uses the registers a guest's FP state is in. */
static void let_hash(void)
{
	sched_unload(arch_this_cpu());
	sched_again(arch_this_cpu());
}

enum veil_result policy_begin(uint32_t size, const uint8_t *sha256, size_t sha256_size)
{
	if (sha256_size != VEIL_SHA256_BYTES)
		return VEIL_RESULT_BAD_LENGTH;
	if (size < sizeof(struct veil_policy) || size > VEIL_POLICY_BYTES)
		return VEIL_RESULT_BAD_POLICY;
	verify_policy_forget();
	policy.next = &policy.slots[policy_current() == &policy.slots[0].policy];
	arch_zero(policy.next->bytes, VEIL_POLICY_BYTES);
	memcpy(policy.wanted, sha256, VEIL_SHA256_BYTES);
	sha256_init(&policy.hash);
	policy.size = size;
	policy.arrived = 0;
	policy.hashed = 0;
	return VEIL_RESULT_OK;
}

enum veil_result policy_data(uint32_t offset, const uint8_t *data, size_t size)
{
	if (size == 0 || size > VEIL_POLICY_CHUNK)
		return VEIL_RESULT_BAD_LENGTH;
	if (!policy.next || offset > policy.size || size > policy.size - offset)
		return VEIL_RESULT_WRONG_STATE;
	if (offset + size <= policy.arrived) /* once more: must be the same */
		return memcmp(policy.next->bytes + offset, data, size) ? VEIL_RESULT_WRONG_STATE : VEIL_RESULT_OK;
	if (offset != policy.arrived)
		return VEIL_RESULT_WRONG_STATE;
	memcpy(policy.next->bytes + offset, data, size);
	policy.arrived += (uint32_t)size;
	return VEIL_RESULT_OK;
}

/* The next piece of the work: AGAIN until all of it is done. */
static enum veil_result check(struct slot *next)
{
	uint32_t left = policy.size - policy.hashed, part = left < HASHED_AT_ONCE ? left : HASHED_AT_ONCE;
	enum veil_result result;

	let_hash();
	if (left) {
		sha256_update(&policy.hash, next->bytes + policy.hashed, part);
		policy.hashed += part;
		if (part == left)
			sha256_final(&policy.hash, policy.found);
		return VEIL_RESULT_AGAIN;
	}
	result = verify_policy(next->bytes, policy.size);
	if (result == VEIL_RESULT_OK &&
	    (memcmp(policy.found, policy.wanted, sizeof(policy.found)) != 0 || !policy_read(&next->policy, next->bytes, persona_count) ||
	     next->policy.header->size != policy.size))
		result = VEIL_RESULT_BAD_POLICY;
	return result;
}

enum veil_result policy_commit(void)
{
	static const char in_force[] IN_GAP(13) = "another policy is in force: replacement";
	struct slot *next = policy.next;
	enum veil_result result;

	if (!next) /* has it become the current one already? */
		return policy.size && policy.arrived == policy.size ? VEIL_RESULT_OK : VEIL_RESULT_WRONG_STATE;
	if (policy.arrived != policy.size)
		return VEIL_RESULT_WRONG_STATE;
	result = check(next);
	if (result == VEIL_RESULT_AGAIN)
		return result;
	policy.next = NULL;
	if (result != VEIL_RESULT_OK) {
		policy.size = policy.arrived = 0;
		return result;
	}
	__atomic_store_n(&policy.current, &next->policy, __ATOMIC_RELEASE);
	__atomic_add_fetch(&policy.replaced, 1, __ATOMIC_ACQ_REL);
	memcpy(policy.sha256, policy.wanted, sizeof(policy.sha256));
	/* Whoever still reads the old one holds a persona's lock: when each has been held here, nobody does, and its slot is free. */
	for (uint32_t i = 0; i < persona_count; i++) {
		lock_take(&personas[i].lock);
		lock_release(&personas[i].lock);
	}
	mux_flush_soon(); /* agents are told of it */
	log_number(VEIL_NO_PERSONA, in_force, policy.replaced);
	return VEIL_RESULT_OK;
}

void policy_status(struct veil_policy_status *status)
{
	*status = (struct veil_policy_status){
		.size = policy_current()->header->size,
		.replaced = policy.replaced,
		.arrived = policy.next ? policy.arrived : 0,
	};
	memcpy(status->sha256, policy.sha256, sizeof(status->sha256));
}
