/* SPDX-License-Identifier: Apache-2.0 */
/* Veil with keys: what it starts, what it refuses and how it says so, what it keeps, and which policies may follow. */
#include "arch/host/machine.h"
#include "core/boot.h"
#include "core/lib.h"
#include "core/payload.h"
#include "core/sha256.h"
#include "signer.h"
#include "tests/bridge.h"
#include "tests/image.h"
#include "tests/test.h"

#define VERSION 7

static struct image image;
static uint8_t *manifest; /* as it lies in the image */
static size_t manifest_size;

static struct veil_policy *policy(void)
{
	return (void *)(manifest + manifest_size - VEIL_POLICY_BYTES);
}

static void declare(void)
{
	machine_init();
	for (uint32_t i = 0; i < VEIL_MAX_PAYLOADS; i++)
		payload_distrust(i); /* as when it is switched on */
	image_declare(&image, 2, 1);
	image.header.version_counter = image.policy.version_counter = VERSION;
}

static void compose(void)
{
	image_write(&image);
	manifest = (uint8_t *)(uintptr_t)image.place.base.value + IMAGE_VEIL_SIZE;
	manifest_size = ((struct veil_image_header *)(uintptr_t)image.place.base.value)->manifest_size;
}

static void given_signed(void)
{
	declare();
	compose();
	sign_manifest(manifest, manifest_size, 0);
}

/* True if it came up; false if it was refused, and has nothing more to do but wait. */
static bool boots(void)
{
	jmp_buf idle;

	machine.idle = &idle;
	if (setjmp(idle)) {
		machine.idle = NULL;
		return false;
	}
	return machine_try(boot_init);
}

static void refused(const char *reason)
{
	report(!boots(), "refused");
	report(machine_has_said("Veil refuses this image: "), "Veil says so");
	if (!report(machine_has_said(reason), reason))
		fwrite(machine.output, 1, machine.output_size, stdout);
	report_equal(machine.run, MACHINE_RUN_PANIC, "and it is remembered");
}

static void given_a_signed_image_then_it_starts(void)
{
	given_signed();
	report(boots(), "it starts");
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge.garbage, 0, "without a word");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "the first persona runs");
	report_equal(bridge_status(1).state, VEIL_STATE_RUNNING, "the second, too");
	given_signed();
	sign_manifest(manifest, manifest_size, 1);
	report(boots(), "the other key is as good");
}

static void given_no_signature_then_it_is_refused(void)
{
	declare();
	compose();
	refused("not signed with a key of this handset; kind 0x0");
}

static void given_another_key_then_it_is_refused(void)
{
	given_signed();
	((struct veil_manifest *)(void *)manifest)->key_id[5] ^= 4;
	refused("not signed with a key of this handset; kind 0x1");
	given_signed();
	memcpy(((struct veil_manifest *)(void *)manifest)->key_id, (uint8_t[VEIL_SHA256_BYTES]){0}, VEIL_SHA256_BYTES);
	refused("not signed with a key of this handset; kind 0x1");
}

static void given_a_manifest_without_end_then_it_is_refused(void)
{
	given_signed();
	((struct veil_image_header *)(uintptr_t)image.place.base.value)->manifest_size = sizeof(struct veil_manifest) - 1;
	refused("not signed with a key of this handset");
}

/* One wrong bit, anywhere in the image but in Veil itself. */
static void given_a_wrong_bit_then_it_is_refused(void)
{
	uint64_t random = test_seed();

	for (uint32_t i = 0; i < 60; i++) {
		uint8_t *byte;
		uint64_t at;

		given_signed();
		at = IMAGE_VEIL_SIZE + test_random(&random) % (i % 2 ? manifest_size : image.place.size - IMAGE_VEIL_SIZE);
		byte = (uint8_t *)(uintptr_t)image.place.base.value + at;
		*byte ^= (uint8_t)(1 << test_random(&random) % 8);
		if (!report(!boots(), "refused"))
			printf("     at 0x%llx\n", (unsigned long long)at);
		*byte = 0; /* what belongs to nothing is not written again */
	}
}

static void given_a_wrong_place_then_the_reason_tells_which(void)
{
	uint8_t *base;

	given_signed();
	base = (uint8_t *)(uintptr_t)image.place.base.value;
	manifest[sizeof(struct veil_manifest) + 3] ^= 1;
	refused("wrong signature; version 0x7");
	given_signed();
	((struct veil_manifest *)(void *)manifest)->signature[40] ^= 1;
	refused("wrong signature");
	given_signed();
	policy()->signature[9] ^= 1;
	refused("wrong signature");
	given_signed();
	base[image.payloads[1].offset + 100] ^= 1;
	refused("wrong digest: payload 0x1");
	given_signed();
	manifest[manifest_size] = 1;
	refused("stray bytes behind");
	manifest[manifest_size] = 0;
	given_signed();
	base[image.place.size - 1] = 1;
	refused("stray bytes behind");
	base[image.place.size - 1] = 0;
	given_signed();
	report(boots(), "without any of it, it starts");
}

static void given_no_digests_then_it_is_refused(void)
{
	declare();
	image.header.flags = VEIL_SKIP_PAYLOAD_DIGESTS;
	compose();
	sign_manifest(manifest, manifest_size, 0);
	report(!boots(), "refused");
	report(machine_has_said("manifest refused"), "Veil says so");
}

static void given_a_signed_contradiction_then_it_is_refused(void)
{
	declare();
	image.personas[1].ram_host_base = image.personas[0].ram_host_base;
	compose();
	sign_manifest(manifest, manifest_size, 0);
	report(!boots(), "refused");
	report(machine_has_said("manifest refused"), "as if it were not signed");
}

/* ---- Versions ---- */

static void given_an_old_version_then_it_is_refused(void)
{
	given_signed();
	machine.version = VERSION + 1;
	refused("older than the accepted version 0x8");
	given_signed();
	machine.version = VERSION;
	report(boots(), "the same again starts");
	given_signed();
	machine.version = VERSION - 1;
	report(boots(), "a newer one, too");
	report_equal(machine.version, VERSION - 1, "and changes nothing yet");
}

static void given_no_version_then_it_is_refused(void)
{
	declare();
	image.header.version_counter = image.policy.version_counter = 0;
	compose();
	sign_manifest(manifest, manifest_size, 0);
	refused("not its policy's version");
	declare();
	image.policy.version_counter++;
	compose();
	sign_manifest(manifest, manifest_size, 0);
	refused("not its policy's version");
	given_signed();
	machine.has_no_version_place = true;
	refused("no place to keep its version 0x7");
}

static void given_it_is_accepted_then_its_version_is_kept(void)
{
	given_signed();
	machine.version = 3;
	report(boots(), "it starts");
	machine_run_ms(20);
	bridge_connect();
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "not yet");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "not yet");
	report_equal(machine.version, 3, "nor kept");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "done");
	report_equal(machine.version, VERSION, "and kept");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "once more");
	report_equal(machine.version_steps, 3, "is nothing more");
}

static void given_a_place_that_fails_then_accepting_tells(void)
{
	given_signed();
	machine.version_fails = true;
	report(boots(), "it starts");
	machine_run_ms(20);
	bridge_connect();
	for (uint32_t i = 0; i < 2; i++)
		report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "not yet");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_NOT_KEPT, "it is not kept");
	machine.version_fails = false;
	for (uint32_t i = 0; i < 2; i++)
		report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "another try");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "it is kept");
}

/* ---- The screen ---- */

static void given_a_refusal_then_the_screen_says_so(void)
{
	const uint32_t *pixels;
	uint32_t white = 0, black = 0;

	given_signed();
	manifest[0] ^= 1;
	refused("wrong signature");
	report_equal(machine_display.width, BOARD_DISPLAY_WIDTH, "as wide as the screen");
	report_equal(machine_display.shown, 1, "shown once");
	pixels = (const uint32_t *)(uintptr_t)machine_display.pixels;
	report(machine_display.pixels + machine_display.height * machine_display.stride <= image.place.base.value,
	       "in memory that is not the image's");
	for (uint32_t i = 0; i < BOARD_DISPLAY_WIDTH * BOARD_DISPLAY_HEIGHT; i++) {
		white += pixels[i] == UINT32_MAX;
		black += pixels[i] == 0;
	}
	report_equal(white + black, BOARD_DISPLAY_WIDTH * BOARD_DISPLAY_HEIGHT, "black and white");
	report_equal(white, 114 * 16 * 16, "the dots of seven letters");
	report_equal(pixels[190 * BOARD_DISPLAY_WIDTH + 80], UINT32_MAX, "the first one begins where it should");
	report_equal(bridge.hellos, 0, "nobody was greeted");
}

/* ---- Policies that follow ---- */

static uint8_t next[VEIL_POLICY_BYTES] __attribute__((aligned(8)));

static void declare_next(uint64_t version)
{
	image.policy.version_counter = version;
	image.policy.networks.count = 1;
	image.networks[0] = (struct veil_network){.name = "home", .personas = 1};
	image_policy(&image, next);
}

static uint32_t send(uint32_t *asked)
{
	const struct veil_policy *p = (const void *)next;
	uint8_t frame[VEIL_MUX_MAX_PAYLOAD];
	struct veil_request request = {.op = VEIL_OP_POLICY_BEGIN, .persona = VEIL_NO_PERSONA, .id = 900, .argument = p->size};
	struct sha256 hash;
	uint32_t result;

	memcpy(frame, &request, sizeof(request));
	sha256_init(&hash);
	sha256_update(&hash, next, p->size);
	sha256_final(&hash, frame + sizeof(request));
	bridge_send(VEIL_MUX_CONTROL, frame, sizeof(request) + VEIL_SHA256_BYTES);
	machine_run_ms(1);
	for (uint32_t at = 0; at < p->size; at += VEIL_POLICY_CHUNK) {
		uint32_t size = p->size - at < VEIL_POLICY_CHUNK ? p->size - at : VEIL_POLICY_CHUNK;

		request = (struct veil_request){.op = VEIL_OP_POLICY_DATA, .persona = VEIL_NO_PERSONA, .id = 901, .argument = at};
		memcpy(frame, &request, sizeof(request));
		memcpy(frame + sizeof(request), next + at, size);
		bridge_send(VEIL_MUX_CONTROL, frame, sizeof(request) + size);
		machine_run_ms(1);
	}
	*asked = 0;
	do {
		result = bridge_command(VEIL_OP_POLICY_COMMIT, VEIL_NO_PERSONA);
		machine_run_ms(10);
	} while (result == VEIL_RESULT_AGAIN && ++*asked < 1000);
	return result;
}

static void start(void)
{
	given_signed();
	report(boots(), "it starts");
	machine_run_ms(20);
	bridge_connect();
}

static void given_a_signed_policy_then_it_takes_its_place(void)
{
	uint32_t asked;

	start();
	declare_next(VERSION + 1);
	sign_policy(next, 1);
	report_equal(send(&asked), VEIL_RESULT_OK, "it is taken");
	report(asked > 0, "after a while");
	report_equal(bridge_command(VEIL_OP_POLICY_COMMIT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "once more is the same");
	declare_next(VERSION + 1);
	image.networks[0].personas = 2;
	image_policy(&image, next);
	sign_policy(next, 0);
	report_equal(send(&asked), VEIL_RESULT_OK, "another of the same version");
	declare_next(VERSION);
	sign_policy(next, 0);
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "an older one is not");
	report_equal(bridge_status(0).state, VEIL_STATE_RUNNING, "the personas run on");
}

static void given_a_newer_policy_then_its_version_is_accepted(void)
{
	uint32_t asked;

	start();
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "the image's is on its way");
	declare_next(VERSION + 1);
	sign_policy(next, 0);
	report_equal(send(&asked), VEIL_RESULT_OK, "when a newer policy comes");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "not yet");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "done");
	report_equal(machine.version, VERSION, "the image's is kept");
	for (uint32_t i = 0; i < 2; i++)
		report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_AGAIN, "asked once more");
	report_equal(bridge_command(VEIL_OP_ACCEPT, VEIL_NO_PERSONA), VEIL_RESULT_OK, "done");
	report_equal(machine.version, VERSION + 1, "the policy's is kept");
}

static void given_a_policy_that_proves_nothing_then_the_old_one_stays(void)
{
	uint32_t asked;

	start();
	declare_next(VERSION + 1);
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "not signed");
	sign_policy(next, 0);
	((struct veil_policy *)(void *)next)->key_id[0] ^= 1;
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "by nobody known");
	sign_policy(next, 0);
	next[sizeof(struct veil_policy)] ^= 1; /* its network's name */
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "changed afterwards");
	sign_policy(next, 0);
	((struct veil_policy *)(void *)next)->signature[33] ^= 1;
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "a wrong signature");
	memcpy(((struct veil_policy *)(void *)next)->signature, ((struct veil_manifest *)(void *)manifest)->signature,
	       VEIL_SIGNATURE_BYTES);
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "another's signature");
	sign_policy(next, 0);
	report_equal(send(&asked), VEIL_RESULT_OK, "and when it is good it is taken");
}

static void given_a_policy_that_arrives_anew_then_the_last_one_counts(void)
{
	uint32_t asked;

	start();
	declare_next(VERSION + 1);
	sign_policy(next, 0);
	next[sizeof(struct veil_policy)] ^= 1;
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "a bad one");
	sign_policy(next, 0);
	/* begun, and given up while it is checked */
	send(&asked);
	declare_next(VERSION + 2);
	report_equal(send(&asked), VEIL_RESULT_BAD_POLICY, "what was known of another does not count");
}

static const struct test tests[] = {
	{"signed", given_a_signed_image_then_it_starts},
	{"not-signed", given_no_signature_then_it_is_refused},
	{"key", given_another_key_then_it_is_refused},
	{"short", given_a_manifest_without_end_then_it_is_refused},
	{"bits", given_a_wrong_bit_then_it_is_refused},
	{"reasons", given_a_wrong_place_then_the_reason_tells_which},
	{"digests", given_no_digests_then_it_is_refused},
	{"contradiction", given_a_signed_contradiction_then_it_is_refused},
	{"old", given_an_old_version_then_it_is_refused},
	{"no-version", given_no_version_then_it_is_refused},
	{"accept", given_it_is_accepted_then_its_version_is_kept},
	{"not-kept", given_a_place_that_fails_then_accepting_tells},
	{"screen", given_a_refusal_then_the_screen_says_so},
	{"policy", given_a_signed_policy_then_it_takes_its_place},
	{"newer-policy", given_a_newer_policy_then_its_version_is_accepted},
	{"bad-policy", given_a_policy_that_proves_nothing_then_the_old_one_stays},
	{"anew", given_a_policy_that_arrives_anew_then_the_last_one_counts},
};

TEST_MAIN(tests)
