/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers that arrive. Their bytes are only ever written to a file; the file has its name when it is whole, and goes when it will not
 * be. The name comes from another persona, and so do the numbers: Veil has checked who sends and how much, and both are checked again. */
#include "arrive.h"

#include "channels.h"
#include "folders.h"
#include "local.h"
#include "names.h"

#define PART "/.part" /* no clean name and no persona's begins with a dot */
#define NAMES_TRIED 99

struct arrival {
	int fd; /* -1: nothing arrives */
	uint32_t size, left;
	struct text part; /* the file being written */
	char persona[PERSONA_BYTES];
	char name[CLEAN_BYTES];
	uint32_t kept, lost;
};

static struct arrival arrivals[PEERS][KINDS];

static struct arrival *arrival_of(uint8_t channel)
{
	uint32_t peer = channel & 15, kind = (uint32_t)(channel >> 4) - 1;

	return peer < PEERS && kind < KINDS ? &arrivals[peer][kind] : NULL;
}

static void forget(struct arrival *a)
{
	if (a->fd < 0)
		return;
	sys_close(a->fd);
	a->fd = -1;
	sys_unlink(a->part.bytes);
}

static void lose(struct arrival *a)
{
	forget(a);
	a->lost++;
}

void arrive_start(void)
{
	for (size_t peer = 0; peer < PEERS; peer++)
		for (size_t kind = 0; kind < KINDS; kind++)
			arrivals[peer][kind].fd = -1;
	local_folder(CLIPBOARD_FOLDER, 0750);
	sys_mkdir(RECEIVED_FOLDER, 0755);
}

static struct text folder_of(uint8_t number, const char *persona)
{
	return channel_carries(number) == CARRIES_FILES ? text_join(RECEIVED_FOLDER "/", persona, "") : text_join(CLIPBOARD_FOLDER, "", "");
}

/* The clipboards of all senders share a folder. */
static struct text part_of(uint8_t number, const char *persona)
{
	struct text part = folder_of(number, persona);

	text_add(&part, PART);
	if (channel_carries(number) == CARRIES_CLIPBOARD) {
		text_add(&part, "-");
		text_add(&part, persona);
	}
	return part;
}

void arrive_channels(void)
{
	for (uint8_t peer = 0; peer < PEERS; peer++)
		for (uint8_t kind = 0; kind < KINDS; kind++)
			if (!channels_from((uint8_t)(peer | (kind + 1) << 4)))
				forget(&arrivals[peer][kind]);
	for (size_t i = 0; i < channels_count(); i++) {
		const struct channel *c = channels_at(i);
		struct text folder = folder_of(c->number, c->name), part = part_of(c->number, c->name);

		if (c->is_outgoing)
			continue;
		if (channel_carries(c->number) == CARRIES_FILES)
			local_folder(folder.bytes, 0770); /* who may see them may take them away */
		if (arrival_of(c->number)->fd < 0)
			sys_unlink(part.bytes); /* of an agent before this one */
	}
}

/* ---- Room ---- */

struct kept {
	uint64_t bytes;
	uint32_t files;
};

static void count_file(void *to, const char *path, const char *name, const struct sys_file *file)
{
	struct kept *kept = to;

	(void)path;
	if (name[0] == '.') /* a part: counted by what it is to become */
		return;
	kept->bytes += file->size;
	kept->files++;
}

static void count_folder(void *to, const char *path, const char *name, const struct sys_file *file)
{
	(void)name;
	if (file->is_folder)
		local_list(path, count_file, to);
}

static bool has_room(const struct channel *c, uint32_t size)
{
	struct kept all = {.bytes = size}, of_sender = {0};

	local_list(CLIPBOARD_FOLDER, count_file, &all);
	local_list(RECEIVED_FOLDER, count_folder, &all);
	for (size_t peer = 0; peer < PEERS; peer++)
		for (size_t kind = 0; kind < KINDS; kind++)
			if (arrivals[peer][kind].fd >= 0)
				all.bytes += arrivals[peer][kind].size;
	if (all.bytes > sys_memory() / KEPT_SHARE)
		return false;
	if (channel_carries(c->number) == CARRIES_FILES)
		local_list(folder_of(c->number, c->name).bytes, count_file, &of_sender);
	return of_sender.files < KEPT_FILES;
}

/* ---- Frames ---- */

void arrive_begin(uint8_t channel, uint32_t size, const uint8_t *name, size_t name_size)
{
	const struct channel *c = channels_from(channel);
	struct arrival *a = arrival_of(channel);
	long fd;

	if (!c || !a)
		return;
	forget(a);
	if (!size || size > c->max_bytes || !has_room(c, size)) {
		a->lost++;
		return;
	}
	text_copy(a->persona, c->name, sizeof(a->persona));
	name_clean(a->name, name, name_size);
	a->part = part_of(channel, c->name);
	sys_unlink(a->part.bytes);
	fd = sys_open(a->part.bytes, OPEN_WRITE | OPEN_CREATE | OPEN_NEW, 0600); /* follows no link */
	if (fd < 0) {
		a->lost++;
		return;
	}
	a->fd = (int)fd;
	a->size = a->left = size;
}

/* Never over another one: link() fails where there is one. */
static bool name_file(struct arrival *a, uint8_t channel)
{
	struct text folder = folder_of(channel, a->persona);
	long result = -E_EXIST;

	for (uint32_t i = 1; i <= NAMES_TRIED && result == -E_EXIST; i++) {
		struct text name = i == 1 ? text_join(a->name, "", "") : name_numbered(a->name, i);
		struct text path = text_join(folder.bytes, "/", name.bytes);

		result = path.is_too_long ? -E_NAMETOOLONG : sys_link(a->part.bytes, path.bytes);
	}
	return result == 0;
}

static bool name_clipboard(struct arrival *a)
{
	struct text path = text_join(CLIPBOARD_FOLDER "/", a->persona, "");

	return sys_rename(a->part.bytes, path.bytes) == 0;
}

static void finish(struct arrival *a, uint8_t channel)
{
	bool is_named = local_share(a->fd, 0640) && (channel_carries(channel) == CARRIES_FILES ? name_file(a, channel) : name_clipboard(a));

	if (is_named)
		a->kept++;
	else
		a->lost++;
	forget(a); /* of a file that has its name, the other one */
}

void arrive_data(uint8_t channel, const uint8_t *bytes, size_t size)
{
	struct arrival *a = arrival_of(channel);
	long written = 0;

	if (!a || a->fd < 0)
		return;
	if (!size || size > a->left) {
		lose(a);
		return;
	}
	for (size_t done = 0; done < size; done += (size_t)written) {
		written = sys_write(a->fd, bytes + done, size - done);
		if (written == -E_INTR)
			written = 0;
		else if (written <= 0) {
			lose(a);
			return;
		}
	}
	a->left -= (uint32_t)size;
	if (!a->left)
		finish(a, channel);
}

void arrive_abort(uint8_t channel)
{
	struct arrival *a = arrival_of(channel);

	if (a)
		forget(a);
}

void arrive_counts(uint8_t channel, uint32_t *kept, uint32_t *lost)
{
	const struct arrival *a = arrival_of(channel);

	*kept = a ? a->kept : 0;
	*lost = a ? a->lost : 0;
}
