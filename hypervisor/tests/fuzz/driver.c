/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target where there is no fuzzer: the inputs in the tree, then changes of them for FUZZ_SECONDS (2), from SEED. A short look on every
 * test run; `make fuzz` is the long one. The input under way is kept beside the program, so that it is there when the program dies of it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/lib.h"
#include "tests/test.h"

#define INPUT_MAX 4096
#define INPUTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct input {
	size_t size;
	uint8_t bytes[INPUT_MAX];
} inputs[INPUTS_MAX], *under_way;
static uint32_t input_count;

static void corpus_read(const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	char path[4096];

	while (entries && (entry = readdir(entries)) && input_count < INPUTS_MAX) {
		int file;
		ssize_t size;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = open(path, O_RDONLY);
		size = file < 0 ? -1 : read(file, inputs[input_count].bytes, INPUT_MAX);
		if (size >= 0)
			inputs[input_count++].size = (size_t)size;
		if (file >= 0)
			close(file);
	}
}

static void change(struct input *input, uint64_t *state)
{
	static const uint8_t nasty[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0x10, 0x40};
	uint64_t r = test_random(state);
	size_t at = input->size ? (r >> 32) % input->size : 0;

	switch (r % 6) {
	case 0: /* longer, by a piece of another */
	case 1: {
		const struct input *other = &inputs[(r >> 8) % input_count];
		size_t from = other->size ? (r >> 16) % other->size : 0, size = other->size - from;

		if (size > INPUT_MAX - input->size)
			size = INPUT_MAX - input->size;
		memcpy(input->bytes + input->size, other->bytes + from, size);
		input->size += size;
		break;
	}
	case 2: /* shorter */
		input->size = at;
		break;
	default:
		for (uint64_t n = 0; input->size && n < 1 + (r >> 48) % 8; n++) {
			uint64_t b = test_random(state);

			input->bytes[b % input->size] = b >> 32 & 1 ? (uint8_t)(b >> 40) : nasty[(b >> 40) % sizeof(nasty)];
		}
		break;
	}
}

int main(int count, char **arguments)
{
	const char *name = arguments[0], *seconds = getenv("FUZZ_SECONDS");
	time_t end = time(NULL) + (seconds ? atoi(seconds) : 2);
	uint64_t state = test_seed(), runs = 0;
	char path[4096];
	int file;

	(void)count;
	for (const char *c = name; *c; c++)
		if (*c == '/')
			name = c + 1;
	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	corpus_read(path);
	snprintf(path, sizeof(path), "%s-input", arguments[0]);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (!input_count || file < 0 || ftruncate(file, sizeof(*under_way)))
		return 2;
	under_way = mmap(NULL, sizeof(*under_way), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (under_way == MAP_FAILED)
		return 2;
	printf("the last input is in %s-input, its size in the first 8 bytes\n", arguments[0]);
	fflush(stdout);
	for (uint32_t i = 0; i < input_count; i++, runs++) {
		*under_way = inputs[i];
		LLVMFuzzerTestOneInput(under_way->bytes, under_way->size);
	}
	do {
		*under_way = inputs[test_random(&state) % input_count];
		for (uint64_t n = 1 + test_random(&state) % 4; n; n--)
			change(under_way, &state);
		LLVMFuzzerTestOneInput(under_way->bytes, under_way->size);
		runs++;
	} while (time(NULL) < end);
	printf("%llu runs\n1 passed, 0 failed\n", (unsigned long long)runs);
	return 0;
}
