/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and files that users of the guest see. */
#include "local.h"

#include "folders.h"

#define GROUPS_BYTES 65536
#define NO_GROUP UINT32_MAX
#define ENTRY_NAME 19 /* in struct linux_dirent64: d_reclen at 16, d_name at 19 */

static uint32_t group = NO_GROUP;

/* `persona:x:1000:members`, at the beginning of a line. */
static uint32_t group_in(const char *text)
{
	for (const char *line = text; *line;) {
		const char *name = CHANNELS_GROUP ":";
		const char *at = line;
		uint32_t number = 0;

		while (*name && *at == *name)
			at++, name++;
		if (!*name) {
			while (*at && *at != '\n' && *at != ':')
				at++;
			for (at += *at == ':'; *at >= '0' && *at <= '9' && number < NO_GROUP / 10 - 1; at++)
				number = number * 10 + (uint32_t)(*at - '0');
			return *at == ':' && at[-1] != ':' ? number : NO_GROUP;
		}
		while (*line && *line++ != '\n')
			;
	}
	return NO_GROUP;
}

void local_find_group(void)
{
	static char text[GROUPS_BYTES + 1];
	long fd = sys_open(GROUPS_FILE, OPEN_READ, 0);
	size_t size = 0;
	long got;

	if (fd < 0)
		return;
	while (size < GROUPS_BYTES && (got = sys_read((int)fd, text + size, GROUPS_BYTES - size)) > 0)
		size += (size_t)got;
	sys_close((int)fd);
	text[size] = 0;
	group = group_in(text);
}

bool local_share(int fd, uint32_t mode)
{
	if (group == NO_GROUP)
		mode &= 0700;
	else if (sys_group(fd, group) < 0)
		return false;
	return sys_fchmod(fd, mode) == 0;
}

void local_folder(const char *path, uint32_t mode)
{
	long fd;

	sys_mkdir(path, 0700);
	fd = sys_open(path, OPEN_READ, 0);
	if (fd < 0)
		return;
	local_share((int)fd, mode);
	sys_close((int)fd);
}

void local_list(const char *folder, void (*each)(void *to, const char *path, const char *name, const struct sys_file *file), void *to)
{
	long fd = sys_open(folder, OPEN_READ, 0);
	uint64_t entries[256];
	long size;

	if (fd < 0)
		return;
	while ((size = sys_list((int)fd, entries, sizeof(entries))) > 0)
		for (size_t at = 0; at < (size_t)size;) {
			const char *entry = (const char *)entries + at;
			const char *name = entry + ENTRY_NAME;
			struct text path = text_join(folder, "/", name);
			struct sys_file file;
			uint16_t length;

			text_copy(&length, entry + 16, sizeof(length));
			at += length;
			if (!text_equal(name, ".") && !text_equal(name, "..") && !path.is_too_long && sys_look_at(path.bytes, &file) == 0)
				each(to, path.bytes, name, &file);
		}
	sys_close((int)fd);
}
