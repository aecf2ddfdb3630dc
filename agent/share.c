/* SPDX-License-Identifier: Apache-2.0 */
/* `clip`, `send`, `paste` and `channels`: they ask the agent that runs, and show what it has kept. */
#include "share.h"

#include "folders.h"
#include "frames.h"
#include "local.h"

#define COPY_BYTES 4096

/* ---- Words and bytes ---- */

static bool write_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		long written = sys_write(fd, at, size);

		if (written == -E_INTR)
			continue;
		if (written <= 0)
			return false;
		at += written;
		size -= (size_t)written;
	}
	return true;
}

static long read_some(int fd, void *bytes, size_t size)
{
	long got;

	do
		got = sys_read(fd, bytes, size);
	while (got == -E_INTR);
	return got;
}

static bool read_all(int fd, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size) {
		long got = read_some(fd, at, size);

		if (got <= 0)
			return false;
		at += got;
		size -= (size_t)got;
	}
	return true;
}

struct copied {
	uint32_t size;
	long error; /* of reading */
	bool is_refused; /* `to` took no more */
};

/* At most so many bytes. */
static struct copied copy(int from, int to, uint32_t size)
{
	static uint8_t bytes[COPY_BYTES];
	struct copied copied = {0};

	while (copied.size < size) {
		long got = read_some(from, bytes, size - copied.size < sizeof(bytes) ? size - copied.size : sizeof(bytes));

		if (got < 0)
			copied.error = got;
		else if (got && !write_all(to, bytes, (size_t)got))
			copied.is_refused = true;
		if (got <= 0 || copied.is_refused)
			break;
		copied.size += (uint32_t)got;
	}
	return copied;
}

/* Words up to NULL, and the end of a line. */
static void say(int fd, const char *const *words)
{
	for (; *words; words++)
		write_all(fd, *words, text_length(*words));
	write_all(fd, "\n", 1);
}
#define SAY(fd, ...) say(fd, (const char *const[]){__VA_ARGS__, NULL})

static int fail(const char *what, const char *why)
{
	SAY(2, "persona-agent: ", what, ": ", why);
	return SHARE_FAILED;
}

static int fail_to_read(const char *what, long error)
{
	return fail(what, error == -E_NOENT ? "no such file" : error == -E_ACCES ? "you may not read it" : "it cannot be read");
}

static struct text digits(uint32_t number)
{
	struct text text = text_join("", "", "");

	text_add_number(&text, number);
	return text;
}

/* ---- The agent ---- */

static long agent_connect(void)
{
	long fd = sys_local_connect(LOCAL_SOCKET);

	if (fd == -E_ACCES)
		fail("channels", "for root and the members of the group " CHANNELS_GROUP);
	else if (fd < 0)
		fail("channels", "no agent runs here");
	return fd;
}

static bool ask(int fd, struct message m)
{
	uint8_t head[MESSAGE_HEAD] = {m.op, m.channel};

	text_copy(head + 2, &m.length, 2);
	text_copy(head + 4, &m.argument, 4);
	return write_all(fd, head, sizeof(head)) && write_all(fd, m.payload, m.length);
}

/* The next answer, whose payload has that size; false: there is none. */
static bool answer(int fd, uint8_t op, uint32_t *argument, void *payload, uint16_t size)
{
	uint8_t head[MESSAGE_HEAD];
	uint16_t length;

	if (!read_all(fd, head, sizeof(head)) || head[0] != op)
		return false;
	text_copy(&length, head + 2, 2);
	text_copy(argument, head + 4, 4);
	return length == size && read_all(fd, payload, size);
}

/* Calls for each channel there is; false: the agent could not be asked. */
static bool list(void (*each)(void *to, const struct local_channel *entry), void *to)
{
	struct local_channel entry;
	uint32_t argument;
	long fd = agent_connect();

	if (fd < 0)
		return false;
	if (ask((int)fd, (struct message){.op = LOCAL_LIST}))
		while (answer((int)fd, LOCAL_CHANNEL, &argument, &entry, sizeof(entry)))
			each(to, &entry);
	sys_close((int)fd);
	return true;
}

/* ---- Sending ---- */

struct sending {
	enum carries carries;
	const char *persona;
	const char *what; /* as the user calls it */
	uint32_t max_bytes, per_minute; /* 0: there is no such channel */
};

static void find(void *to, const struct local_channel *entry)
{
	const struct channel *c = &entry->channel;
	struct sending *s = to;

	if (!c->is_outgoing || channel_carries(c->number) != s->carries || !text_equal(c->name, s->persona))
		return;
	s->max_bytes = c->max_bytes;
	s->per_minute = c->per_minute;
}

static int tell(const struct sending *s, uint32_t result, uint32_t size)
{
	const char *const head = "persona-agent: ", *const colon = " not sent: ";

	switch (result) {
	case RESULT_DONE:
		SAY(1, s->what, ": ", digits(size).bytes, " bytes sent to ", s->persona);
		return SHARE_DONE;
	case RESULT_REFUSED:
		SAY(2, head, s->what, colon, "no channel carries ", s->carries == CARRIES_FILES ? "files" : "the clipboard", " to ",
		    s->persona);
		return SHARE_REFUSED;
	case RESULT_TOO_LARGE:
		SAY(2, head, s->what, colon, "at most ", digits(s->max_bytes / 1024).bytes, " KiB may go to ", s->persona, " at once");
		return SHARE_TOO_LARGE;
	case RESULT_TOO_MANY:
		SAY(2, head, s->what, colon, "at most ", digits(s->per_minute).bytes, " a minute may go to ", s->persona);
		return SHARE_TOO_MANY;
	case RESULT_AWAY:
		SAY(2, head, s->what, colon, s->persona, " is away");
		return SHARE_AWAY;
	case RESULT_STALLED:
		SAY(2, head, s->what, colon, s->persona, " took no more of it");
		return SHARE_STALLED;
	default:
		return fail(s->what, "the agent gave no answer");
	}
}

/* The first `size` bytes of an open file. */
static int transfer(const struct sending *s, int file, uint32_t size, const char *name)
{
	uint8_t payload[PERSONA_BYTES + LOCAL_NAME_MAX];
	size_t persona = text_length(s->persona) + 1, length = text_length(name);
	uint32_t result = UINT32_MAX;
	struct copied copied;
	long fd;

	if (!s->max_bytes || persona > PERSONA_BYTES)
		return tell(s, RESULT_REFUSED, 0);
	if (length > LOCAL_NAME_MAX)
		length = LOCAL_NAME_MAX;
	text_copy(payload, s->persona, persona);
	text_copy(payload + persona, name, length);
	fd = agent_connect();
	if (fd < 0)
		return SHARE_FAILED;
	ask((int)fd, (struct message){.op = LOCAL_SEND,
				      .channel = (uint8_t)s->carries,
				      .length = (uint16_t)(persona + length),
				      .argument = size,
				      .payload = payload});
	copied = copy(file, (int)fd, size);
	if (copied.size == size || copied.is_refused) /* the agent closes early when Veil has said no */
		answer((int)fd, LOCAL_RESULT, &result, NULL, 0);
	sys_close((int)fd);
	if (copied.size < size && !copied.is_refused)
		return fail(s->what, "it became shorter while it was read");
	return tell(s, result, size);
}

/* Standard input, of which nobody knows the size until its end: one byte more than may go is enough to be told so. */
static int clip(const char *persona)
{
	struct sending s = {.carries = CARRIES_CLIPBOARD, .persona = persona, .what = "clipboard"};
	struct copied copied;
	long file;

	if (!list(find, &s))
		return SHARE_FAILED;
	if (!s.max_bytes)
		return tell(&s, RESULT_REFUSED, 0);
	file = sys_memory_file();
	copied = copy(0, (int)file, s.max_bytes < UINT32_MAX ? s.max_bytes + 1 : UINT32_MAX);
	if (copied.error)
		return fail_to_read("standard input", copied.error);
	if (copied.is_refused)
		return fail("standard input", "there is no memory for it");
	if (!copied.size)
		return fail("standard input", "it is empty");
	sys_rewind((int)file);
	return transfer(&s, (int)file, copied.size, "");
}

static const char *last_part(const char *path)
{
	const char *part = path;

	for (; *path; path++)
		if (path[0] == '/' && path[1])
			part = path + 1;
	return part;
}

static int send_file(struct sending *s, const char *path)
{
	struct sys_file file = {0};
	long fd = sys_open(path, OPEN_READ | OPEN_NONBLOCK, 0);
	long result = fd < 0 ? fd : sys_look((int)fd, &file);
	int status;

	s->what = path;
	if (result < 0)
		status = fail_to_read(path, result);
	else if (!file.is_regular)
		status = fail(path, file.is_folder ? "it is a folder" : "it is no regular file");
	else if (!file.size)
		status = fail(path, "it is empty");
	else
		status = transfer(s, (int)fd, file.size < UINT32_MAX ? (uint32_t)file.size : UINT32_MAX, last_part(path));
	if (fd >= 0)
		sys_close((int)fd);
	return status;
}

/* One after the other, up to the first that does not go. */
static int send(const char *persona, char **paths)
{
	struct sending s = {.carries = CARRIES_FILES, .persona = persona};
	int status = SHARE_DONE;

	if (!list(find, &s))
		return SHARE_FAILED;
	for (; *paths && status == SHARE_DONE; paths++)
		status = send_file(&s, *paths);
	return status;
}

/* ---- What came ---- */

struct newest {
	uint64_t changed;
	struct text path;
};

static void compare(void *to, const char *path, const char *name, const struct sys_file *file)
{
	struct newest *newest = to;

	if (name[0] == '.' || !file->is_regular || file->changed < newest->changed)
		return;
	newest->changed = file->changed;
	newest->path = text_join(path, "", "");
}

static int paste(const char *persona)
{
	struct newest newest = {.path = text_join("", "", "")};
	struct copied copied;
	long fd;

	if (persona && !text_is_name(persona, PERSONA_BYTES - 1))
		return fail(persona, "that is no persona's name");
	if (persona)
		newest.path = text_join(CLIPBOARD_FOLDER "/", persona, "");
	else
		local_list(CLIPBOARD_FOLDER, compare, &newest);
	fd = newest.path.length ? sys_open(newest.path.bytes, OPEN_READ, 0) : -E_NOENT;
	if (fd == -E_ACCES)
		return fail("clipboard", "for root and the members of the group " CHANNELS_GROUP);
	if (fd < 0)
		return fail("clipboard", "nothing has come");
	copied = copy((int)fd, 1, UINT32_MAX);
	sys_close((int)fd);
	if (copied.error)
		return fail_to_read("clipboard", copied.error);
	return copied.is_refused ? SHARE_FAILED : SHARE_DONE;
}

static void show(void *to, const struct local_channel *entry)
{
	const struct channel *c = &entry->channel;
	const char *kind = channel_carries(c->number) == CARRIES_FILES ? "files" : "clipboard";

	(*(size_t *)to)++;
	if (c->is_outgoing)
		SAY(1, kind, " to ", c->name, ": at most ", digits(c->max_bytes / 1024).bytes, " KiB, ", digits(c->per_minute).bytes,
		    " a minute");
	else
		SAY(1, kind, " from ", c->name, ": at most ", digits(c->max_bytes / 1024).bytes, " KiB, ", digits(c->per_minute).bytes,
		    " a minute; ", digits(entry->kept).bytes, " came, ", digits(entry->lost).bytes, " not kept; see ",
		    channel_carries(c->number) == CARRIES_FILES ? RECEIVED_FOLDER "/" : CLIPBOARD_FOLDER "/", c->name);
}

static int channels(void)
{
	size_t count = 0;

	if (!list(show, &count))
		return SHARE_FAILED;
	if (!count)
		SAY(1, "no channels");
	return SHARE_DONE;
}

bool share_is_command(int count, char **arguments)
{
	return (count == 3 && text_equal(arguments[1], "clip")) || (count >= 4 && text_equal(arguments[1], "send")) ||
	       (count <= 3 && text_equal(arguments[1], "paste")) || (count == 2 && text_equal(arguments[1], "channels"));
}

int share_main(int count, char **arguments)
{
	sys_block_signal(SIGNAL_PIPE);
	switch (arguments[1][0]) {
	case 'c':
		return arguments[1][1] == 'l' ? clip(arguments[2]) : channels();
	case 's':
		return send(arguments[2], arguments + 3);
	default:
		return paste(count == 3 ? arguments[2] : NULL);
	}
}
