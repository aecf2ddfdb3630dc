// SPDX-License-Identifier: Apache-2.0
/* A Linux program that measures TCP to the machine QEMU runs on, and says the figures on the console, in KiB or round trips a second, without
 * end. The kernel's argument bench.port says where. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"

#define STREAM_BYTES (UINT64_C(32) << 20)
#define ROUND_TRIPS 2000
#define CHUNK (1 << 16)

static char buffer[CHUNK];
static int port;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int holds, const char *what)
{
	if (holds)
		return;
	printf("bench: failed: %s\n", what);
	exit(1);
}

/* A connection on which the server does what the letter asks for. */
static int ask(char wanted)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int there = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	inet_pton(AF_INET, "10.0.2.2", &to.sin_addr);
	must(connect(there, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	must(write(there, &wanted, 1) == 1, "ask");
	return there;
}

static void receive(void)
{
	int there = ask('r');
	uint64_t got = 0;
	double begun = now();

	for (ssize_t n; (n = read(there, buffer, CHUNK)) > 0;)
		got += (uint64_t)n;
	must(got == STREAM_BYTES, "a whole stream");
	say("receive", (double)got / 1024 / (now() - begun));
	close(there);
}

static void send_stream(void)
{
	int there = ask('w');
	double begun = now();

	for (uint64_t sent = 0; sent < STREAM_BYTES; sent += CHUNK)
		must(write(there, buffer, CHUNK) == CHUNK, "send");
	shutdown(there, SHUT_WR);
	must(read(there, buffer, 1) == 1, "the server took it all");
	say("send", (double)STREAM_BYTES / 1024 / (now() - begun));
	close(there);
}

static void round_trips(void)
{
	int there = ask('e');
	double begun = now();

	for (int i = 0; i < ROUND_TRIPS; i++)
		must(write(there, buffer, 1) == 1 && read(there, buffer, 1) == 1, "echo");
	say("round-trips", ROUND_TRIPS / (now() - begun));
	close(there);
}

int main(void)
{
	FILE *arguments = fopen("/proc/cmdline", "r");
	const char *word;

	freopen("/dev/console", "w", stdout);
	must(arguments && fgets(buffer, sizeof buffer, arguments) && (word = strstr(buffer, "bench.port=")), "bench.port");
	port = atoi(strchr(word, '=') + 1);
	ready();
	for (;;) {
		receive();
		send_stream();
		round_trips();
	}
}
