/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: what is accepted, each reason to refuse, and how another one takes its place. */
#include "arch/host/machine.h"
#include "bridge.h"
#include "core/lib.h"
#include "core/policy.h"
#include "core/sha256.h"
#include "image.h"
#include "test.h"

static struct image image;
static uint8_t bytes[VEIL_POLICY_BYTES] __attribute__((aligned(8)));

/* Two networks: persona 0 may reach 10.0.2.0/24, tcp 80 to 90, and one IPv6 host; persona 1 everything of IPv4. */
static void declare(void)
{
	image_declare(&image, 2, 1);
	image.policy.networks.count = 2;
	image.policy.egress_rules.count = 3;
	image.networks[0] = (struct veil_network){.name = "home", .personas = 2, .first_rule = 0, .rule_count = 1};
	image.networks[1] = (struct veil_network){.name = "work", .personas = 1, .first_rule = 1, .rule_count = 2};
	image.rules[0] = (struct veil_egress_rule){.family = 4, .last_port = UINT16_MAX};
	image.rules[1] = (struct veil_egress_rule){
		.address = {10, 0, 2}, .family = 4, .prefix = 24, .protocol = VEIL_PROTOCOL_TCP, .first_port = 80, .last_port = 90};
	image.rules[2] = (struct veil_egress_rule){
		.address = {0x20, 1, [15] = 1}, .family = 6, .prefix = 128, .protocol = VEIL_PROTOCOL_UDP, .last_port = UINT16_MAX};
}

static bool accepted(void)
{
	struct policy policy;

	image_policy(&image, bytes);
	return policy_read(&policy, bytes, 2);
}

#define BAD(change_)                           \
	do {                                   \
		declare();                     \
		change_;                       \
		report(!accepted(), #change_); \
	} while (0)

static void given_valid_policies_then_they_are_accepted(void)
{
	image_declare(&image, 2, 1);
	report(accepted(), "an empty one");
	declare();
	report(accepted(), "one with two networks");
	image.rules[1].prefix = 23;
	report(accepted(), "a prefix that ends within a byte");
	image.rules[2] = (struct veil_egress_rule){.address = {0xff}, .family = 6, .prefix = 8, .last_port = UINT16_MAX};
	report(accepted(), "a short prefix of IPv6");
	image.rules[2] = (struct veil_egress_rule){.address = {[8] = 0x80}, .family = 6, .prefix = 65, .last_port = UINT16_MAX};
	report(accepted(), "a prefix that ends in the second half");
}

static void given_a_bad_policy_then_it_is_refused(void)
{
	BAD(image.policy.magic++);
	BAD(image.policy.format++);
	BAD(image.policy.must_understand = 1);
	BAD(image.policy.signature_kind = VEIL_SIGNATURE_ED25519);
	BAD(image.policy.channels.count = 1);
	BAD(image.policy.networks.count = VEIL_MAX_NETWORKS + 1);
	BAD(image.policy.egress_rules.count = 2);
	BAD(image.policy.egress_rules.count = 4);
	BAD(image.networks[0].name[0] = 0);
	BAD(image.networks[0].personas = 4);
	BAD(image.networks[0].personas = 3);
	BAD(image.networks[1].first_rule = 0);
	BAD(image.networks[1].first_rule = 2);
	BAD(image.networks[1].rule_count = UINT16_MAX);
	BAD(image.rules[0].family = 5);
	BAD(image.rules[0].prefix = 33);
	BAD(image.rules[2].prefix = 129);
	BAD(image.rules[1].prefix = 22);
	BAD(image.rules[1].address[3] = 1);
	BAD(image.rules[1].address[15] = 1);
	BAD(image.rules[2].prefix = 64);
	BAD(image.rules[2].prefix = 127);
	BAD(image.rules[1].protocol = 2);
	BAD(image.rules[1].first_port = 91);
	BAD(image.rules[0].first_port = 1);
	BAD(image.rules[0].last_port = 1);
	BAD(image.rules[0].reserved = 1);
	BAD(image.rules[0].reserved2 = 1);
	declare();
	image_policy(&image, bytes);
	((struct veil_policy *)bytes)->size = VEIL_POLICY_BYTES + 8;
	report(!policy_read(&(struct policy){0}, bytes, 2), "larger than there is room");
	((struct veil_policy *)bytes)->size = sizeof(struct veil_policy);
	report(!policy_read(&(struct policy){0}, bytes, 2), "tables beyond its end");
}

/* ---- Replacement ---- */

static uint32_t send(uint8_t op, uint32_t argument, const void *data, size_t size)
{
	uint8_t frame[VEIL_MUX_MAX_PAYLOAD];
	struct veil_request request = {.op = op, .persona = VEIL_NO_PERSONA, .id = ++bridge.last_id, .argument = argument};
	uint32_t before = bridge.message_count;

	memcpy(frame, &request, sizeof(request));
	memcpy(frame + sizeof(request), data, size);
	bridge_send(VEIL_MUX_CONTROL, frame, sizeof(request) + size);
	machine_run_ms(1);
	bridge_read();
	return bridge.message_count == before + 1 ? bridge.messages[before].response.result : UINT32_MAX;
}

static void digest_of(uint8_t digest[VEIL_SHA256_BYTES], size_t size)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, bytes, size);
	sha256_final(&hash, digest);
}

static size_t given_bytes(uint8_t digest[VEIL_SHA256_BYTES])
{
	size_t size;

	image_policy(&image, bytes);
	size = ((struct veil_policy *)bytes)->size;
	digest_of(digest, size);
	return size;
}

/* Asks as the bridge does, and in *asked how often that was in vain. */
static uint32_t commit(uint32_t *asked)
{
	uint32_t result;

	*asked = 0;
	while ((result = send(VEIL_OP_POLICY_COMMIT, 0, NULL, 0)) == VEIL_RESULT_AGAIN)
		++*asked;
	return result;
}

static uint32_t upload(void)
{
	uint32_t asked, result;

	uint8_t digest[VEIL_SHA256_BYTES];
	size_t size = given_bytes(digest);

	report_equal(send(VEIL_OP_POLICY_BEGIN, (uint32_t)size, digest, sizeof(digest)), VEIL_RESULT_OK, "begin");
	for (size_t at = 0; at < size; at += VEIL_POLICY_CHUNK) {
		size_t part = size - at < VEIL_POLICY_CHUNK ? size - at : VEIL_POLICY_CHUNK;

		report_equal(send(VEIL_OP_POLICY_DATA, (uint32_t)at, bytes + at, part), VEIL_RESULT_OK, "data");
		report_equal(send(VEIL_OP_POLICY_DATA, (uint32_t)at, bytes + at, part), VEIL_RESULT_OK, "and once more");
	}
	result = commit(&asked);
	report_equal(asked, (size + 63) / 64, "a block at a time");
	return result;
}

static struct veil_policy_status status(void)
{
	struct veil_policy_status result = {0};
	const struct bridge_message *answer = bridge_ask(VEIL_OP_POLICY_STATUS, VEIL_NO_PERSONA, 0);

	if (answer)
		memcpy(&result, answer->data, sizeof(result));
	return result;
}

static void boot(void)
{
	machine_init();
	declare();
	image_boot(&image);
	machine_run_ms(20);
	bridge_connect();
}

static void given_another_policy_then_it_takes_the_place_of_the_old_one(void)
{
	uint8_t digest[VEIL_SHA256_BYTES];

	boot();
	given_bytes(digest);
	report(memcmp(status().sha256, digest, sizeof(digest)) == 0, "the manifest's is in force");
	report_equal(policy_network(policy_current(), 0)->rule_count, 2, "with its rules");
	for (uint32_t i = 0; i < 5; i++) {
		image.rules[1].last_port = (uint16_t)(100 + i);
		report_equal(upload(), VEIL_RESULT_OK, "committed");
		report_equal(send(VEIL_OP_POLICY_COMMIT, 0, NULL, 0), VEIL_RESULT_OK, "and once more");
		given_bytes(digest);
		report(memcmp(status().sha256, digest, sizeof(digest)) == 0, "the new one is in force");
		report_equal(policy_current()->rules[1].last_port, 100 + i, "and read");
		report_equal(status().replaced, i + 1, "counted");
	}
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "the personas run on");
	report_equal(bridge_status(0).starts, 1, "and were not restarted");
}

static void given_a_wrong_upload_then_the_old_policy_stays(void)
{
	uint8_t digest[VEIL_SHA256_BYTES], before[VEIL_SHA256_BYTES];
	uint32_t asked, last;
	size_t size;

	boot();
	given_bytes(before);
	report_equal(send(VEIL_OP_POLICY_COMMIT, 0, NULL, 0), VEIL_RESULT_WRONG_STATE, "commit of nothing");
	report_equal(send(VEIL_OP_POLICY_DATA, 0, bytes, 8), VEIL_RESULT_WRONG_STATE, "data before a beginning");
	image.rules[1].last_port = 99;
	size = given_bytes(digest);
	report_equal(send(VEIL_OP_POLICY_BEGIN, (uint32_t)size, digest, 31), VEIL_RESULT_BAD_LENGTH, "a digest too short");
	report_equal(send(VEIL_OP_POLICY_BEGIN, VEIL_POLICY_BYTES + 1, digest, 32), VEIL_RESULT_BAD_POLICY, "too large");
	report_equal(send(VEIL_OP_POLICY_BEGIN, 8, digest, 32), VEIL_RESULT_BAD_POLICY, "too small");
	report_equal(send(VEIL_OP_POLICY_BEGIN, (uint32_t)size, digest, 32), VEIL_RESULT_OK, "begin");
	report_equal(send(VEIL_OP_POLICY_DATA, 8, bytes, 8), VEIL_RESULT_WRONG_STATE, "a gap");
	report_equal(send(VEIL_OP_POLICY_DATA, 0, bytes, 0), VEIL_RESULT_BAD_LENGTH, "no data");
	report_equal(send(VEIL_OP_POLICY_DATA, 0, bytes, 64), VEIL_RESULT_OK, "the first part");
	report_equal(send(VEIL_OP_POLICY_DATA, UINT32_MAX, bytes, 64), VEIL_RESULT_WRONG_STATE, "far outside");
	report_equal(send(VEIL_OP_POLICY_DATA, 63, bytes, 64), VEIL_RESULT_WRONG_STATE, "overlapping");
	report_equal(send(VEIL_OP_POLICY_DATA, 0, bytes + 1, 60), VEIL_RESULT_WRONG_STATE, "a repetition that differs");
	report_equal(send(VEIL_OP_POLICY_COMMIT, 0, NULL, 0), VEIL_RESULT_WRONG_STATE, "commit of half");
	report_equal(send(VEIL_OP_POLICY_DATA, 64, bytes + 64, 65), VEIL_RESULT_BAD_LENGTH, "too much at once");
	for (last = 64; size - last > 64; last += 64)
		report_equal(send(VEIL_OP_POLICY_DATA, last, bytes + last, 64), VEIL_RESULT_OK, "the next part");
	report_equal(send(VEIL_OP_POLICY_DATA, last, bytes + last, size - last + 1), VEIL_RESULT_WRONG_STATE, "more than was said");
	bytes[size - 1] ^= 1;
	report_equal(send(VEIL_OP_POLICY_DATA, last, bytes + last, size - last), VEIL_RESULT_OK, "the rest, damaged");
	report_equal(commit(&asked), VEIL_RESULT_BAD_POLICY, "is refused");
	report_equal(send(VEIL_OP_POLICY_COMMIT, 0, NULL, 0), VEIL_RESULT_WRONG_STATE, "for good");
	image.networks[0].personas = 4;
	report_equal(upload(), VEIL_RESULT_BAD_POLICY, "one that is wrong in itself");
	report(memcmp(status().sha256, before, sizeof(before)) == 0, "the old one is in force");
	report_equal(status().replaced, 0, "nothing was replaced");
}

static const struct test tests[] = {
	{"valid", given_valid_policies_then_they_are_accepted},
	{"bad", given_a_bad_policy_then_it_is_refused},
	{"replace", given_another_policy_then_it_takes_the_place_of_the_old_one},
	{"wrong", given_a_wrong_upload_then_the_old_policy_stays},
};

TEST_MAIN(tests)
