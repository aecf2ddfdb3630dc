/* SPDX-License-Identifier: Apache-2.0 */
/* A tiny harness: a declared list of tests, each run in a process of its own, so that each begins with a machine just switched on
 * and none can take the others down; report() counts, and speaks only of failures. */
#ifndef VEIL_TEST_H
#define VEIL_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_SECONDS 120 /* a test that takes longer hangs */

struct test {
	const char *name;
	void (*run)(void);
};

struct test_counts {
	uint32_t passed, failed;
};

extern struct test_counts *test_counts;

#define report(condition, name) test_report((condition), (name), __FILE__, __LINE__)
#define report_equal(found, wanted, name) test_report_equal((uint64_t)(found), (uint64_t)(wanted), (name), __FILE__, __LINE__)

static inline bool test_report(bool condition, const char *name, const char *file, int line)
{
	if (condition)
		test_counts->passed++;
	else
		test_counts->failed++;
	if (!condition)
		printf("FAIL %s:%d: %s\n", file, line, name);
	return condition;
}

static inline bool test_report_equal(uint64_t found, uint64_t wanted, const char *name, const char *file, int line)
{
	if (!test_report(found == wanted, name, file, line))
		printf("     found 0x%llx, wanted 0x%llx\n", (unsigned long long)found, (unsigned long long)wanted);
	return found == wanted;
}

/* Pseudo-random numbers (xorshift64*), the same in every run unless SEED says otherwise. */
static inline uint64_t test_seed(void)
{
	const char *seed = getenv("SEED");

	return seed ? strtoull(seed, NULL, 0) : 0x9e3779b97f4a7c15;
}

static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

#define TEST_MAIN(list)                                                                                    \
	struct test_counts *test_counts;                                                                   \
	int main(int count, char **arguments)                                                              \
	{                                                                                                  \
		return test_main(list, sizeof(list) / sizeof((list)[0]), count > 1 ? arguments[1] : NULL); \
	}

static inline void test_run(const struct test *test)
{
	pid_t child;
	int status = 0;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(TEST_SECONDS);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	test_counts->failed++;
	printf("FAIL %s: %s %d\n", test->name, WIFSIGNALED(status) ? "ended by signal" : "ended with status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* `only`: the name of one test, or NULL for all. */
static inline int test_main(const struct test *tests, size_t count, const char *only)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_counts = mmap(NULL, sizeof(*test_counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (test_counts == MAP_FAILED)
		return 2;
	for (size_t i = 0; i < count; i++) {
		const char *a = tests[i].name, *b = only;

		while (b && *a && *a == *b) {
			a++;
			b++;
		}
		if (!b || (!*a && !*b))
			test_run(&tests[i]);
	}
	printf("%u passed, %u failed\n", test_counts->passed, test_counts->failed);
	return test_counts->failed || !test_counts->passed;
}

#endif
