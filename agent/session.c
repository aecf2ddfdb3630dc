/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions. Nothing here waits: pipes do not block, and a file is written as it comes. */
#include "session.h"

#include "owner.h"

#define WORDS_MAX 64
#define NOT_FOUND 127
#define NOT_RUN 126

static void close_end(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

static void fail(struct session *s, long error)
{
	s->error = error;
	s->is_over = true;
}

/* ---- Commands ---- */

static void complain(const char *what, const char *why)
{
	struct text text = text_join("persona-agent: ", what, why);

	sys_write(2, text.bytes, text.length);
}

/* In the child. */
static _Noreturn void become(char **words, const int in[2], const int out[2], const int errors[2])
{
	static char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					    "HOME=/root",
					    "USER=root",
					    "LOGNAME=root",
					    "TERM=dumb",
					    NULL};
	static const char *const folders[] = {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"};
	long error = -E_NOENT;

	sys_setsid();
	sys_dup(in[0], 0);
	sys_dup(out[1], 1);
	sys_dup(errors[1], 2);
	sys_default_signals();
	if (sys_chdir("/root") < 0)
		sys_chdir("/");
	for (const char *c = words[0]; *c; c++)
		if (*c == '/') {
			error = sys_exec(words[0], words, environment);
			complain(words[0], error == -E_NOENT ? ": not found\n" : ": cannot be run\n");
			sys_exit(error == -E_NOENT ? NOT_FOUND : NOT_RUN);
		}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && error == -E_NOENT; i++) {
		struct text path = text_join(folders[i], words[0], "");

		if (!path.is_too_long)
			error = sys_exec(path.bytes, words, environment);
	}
	complain(words[0], error == -E_NOENT ? ": not found\n" : ": cannot be run\n");
	sys_exit(error == -E_NOENT ? NOT_FOUND : NOT_RUN);
}

static size_t split(char *text, size_t size, char **words)
{
	size_t count = 0;
	size_t begin = 0;

	if (!size || text[size - 1] != 0)
		return 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i])
			continue;
		if (count == WORDS_MAX)
			return 0;
		words[count++] = text + begin;
		begin = i + 1;
	}
	words[count] = NULL;
	return words[0][0] ? count : 0;
}

void session_run(struct session *s, const uint8_t *bytes, size_t size)
{
	static char text[MESSAGE_MAX];
	char *words[WORDS_MAX + 1];
	int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
	long pid;

	text_copy(text, bytes, size);
	if (!split(text, size, words)) {
		fail(s, E_INVAL);
		return;
	}
	pid = sys_pipe(in);
	if (pid == 0)
		pid = sys_pipe(out);
	if (pid == 0)
		pid = sys_pipe(errors);
	if (pid == 0)
		pid = sys_fork();
	if (pid == 0)
		become(words, in, out, errors);
	close_end(&in[0]);
	close_end(&out[1]);
	close_end(&errors[1]);
	s->in = in[1];
	s->out = out[0];
	s->errors = errors[0];
	if (pid < 0) {
		close_end(&s->in);
		close_end(&s->out);
		close_end(&s->errors);
		fail(s, -pid);
		return;
	}
	s->pid = (int)pid;
	sys_nonblocking(s->in);
	sys_nonblocking(s->out);
	sys_nonblocking(s->errors);
}

/* ---- Files ---- */

static bool path_take(struct session *s, const uint8_t *path, size_t size)
{
	if (size > 1 && size <= PATH_BYTES && path[size - 1] == 0 && text_length((const char *)path) + 1 == size) {
		s->path = text_join((const char *)path, "", "");
		return true;
	}
	fail(s, size > PATH_BYTES ? E_NAMETOOLONG : E_INVAL);
	return false;
}

void session_put(struct session *s, uint32_t permissions, const uint8_t *path, size_t size)
{
	long fd;

	if (!path_take(s, path, size))
		return;
	s->permissions = permissions & 0777;
	s->part = text_join(s->path.bytes, ".part-", "");
	text_add_number(&s->part, s->number);
	if (s->part.is_too_long) {
		fail(s, E_NAMETOOLONG);
		return;
	}
	sys_unlink(s->part.bytes);
	fd = sys_open(s->part.bytes, OPEN_WRITE | OPEN_CREATE | OPEN_NEW, 0600);
	if (fd < 0) {
		s->part.length = 0;
		fail(s, -fd);
	} else {
		s->in = (int)fd;
	}
}

/* The file appears under its name when it is whole, or not at all. */
static void put_finish(struct session *s)
{
	long result = sys_fchmod(s->in, s->permissions);

	if (result == 0)
		result = sys_sync(s->in);
	close_end(&s->in);
	if (result == 0)
		result = sys_rename(s->part.bytes, s->path.bytes);
	if (result < 0)
		sys_unlink(s->part.bytes);
	s->part.length = 0;
	if (result < 0)
		fail(s, -result);
	s->is_over = true;
}

void session_get(struct session *s, const uint8_t *path, size_t size, struct sys_file *file)
{
	long fd;

	if (!path_take(s, path, size))
		return;
	fd = sys_open(s->path.bytes, OPEN_READ | OPEN_NONBLOCK, 0);
	if (fd < 0) {
		fail(s, -fd);
		return;
	}
	s->out = (int)fd;
	fd = sys_look(s->out, file);
	if (fd < 0 || !file->is_regular) {
		close_end(&s->out);
		fail(s, fd < 0 ? -fd : file->is_folder ? E_ISDIR : E_INVAL);
	}
}

/* ---- Moving bytes ---- */

bool session_input(struct session *s, const uint8_t *bytes, size_t size)
{
	if (!size) {
		s->input_ended = true;
		return true;
	}
	if (s->in < 0) { /* nobody reads it any more */
		s->taken += (uint32_t)size;
		return true;
	}
	if (s->input_begin) {
		for (size_t i = 0; i < s->input_end - s->input_begin; i++)
			s->input[i] = s->input[s->input_begin + i];
		s->input_end -= s->input_begin;
		s->input_begin = 0;
	}
	if (size > sizeof(s->input) - s->input_end)
		return false;
	text_copy(s->input + s->input_end, bytes, size);
	s->input_end += size;
	return true;
}

static void input_move(struct session *s)
{
	while (s->in >= 0 && s->input_begin < s->input_end) {
		long written = sys_write(s->in, s->input + s->input_begin, s->input_end - s->input_begin);

		if (written == -E_AGAIN || written == -E_INTR)
			return;
		if (written <= 0) { /* the command has closed its end: the rest goes nowhere; a full disk ends the file */
			if (s->kind == SESSION_PUT)
				fail(s, written < 0 ? -written : E_INVAL);
			written = (long)(s->input_end - s->input_begin);
			close_end(&s->in);
		}
		s->input_begin += (size_t)written;
		s->taken += (uint32_t)written;
	}
	if (!s->input_ended || s->input_begin < s->input_end || s->in < 0)
		return;
	if (s->kind == SESSION_PUT)
		put_finish(s);
	else
		close_end(&s->in);
}

/* True: it may have more, another time. */
static bool output_move(struct session *s, struct port *port, int *fd, uint8_t op)
{
	static uint8_t bytes[MESSAGE_MAX - MESSAGE_HEAD];

	while (*fd >= 0) {
		size_t most = port_room(port) < sizeof(bytes) ? port_room(port) : sizeof(bytes);
		long size;

		if (most > s->credit)
			most = s->credit;
		if (!most)
			return true;
		size = sys_read(*fd, bytes, most);
		if (size == -E_AGAIN || size == -E_INTR)
			return s->pid != 0; /* what a command has left running may keep its ends open: not waited for */
		if (size <= 0) {
			if (size < 0 && s->kind == SESSION_GET)
				s->error = -size;
			close_end(fd);
			break;
		}
		s->credit -= (uint32_t)size;
		port_send(port, (struct message){.op = op, .length = (uint16_t)size, .argument = s->number, .payload = bytes});
	}
	return false;
}

void session_go_on(struct session *s, struct port *port)
{
	bool has_more;

	input_move(s);
	has_more = output_move(s, port, &s->out, OWNER_OUTPUT);
	has_more |= output_move(s, port, &s->errors, OWNER_ERRORS);
	if (s->kind == SESSION_RUN && !s->pid && !has_more)
		s->is_over = true;
	if (s->kind == SESSION_GET && s->out < 0)
		s->is_over = true;
}

void session_abandon(struct session *s)
{
	if (s->pid)
		sys_kill_group(s->pid, SIGNAL_KILL);
	close_end(&s->in);
	close_end(&s->out);
	close_end(&s->errors);
	if (s->part.length)
		sys_unlink(s->part.bytes);
	s->kind = SESSION_NONE;
}
