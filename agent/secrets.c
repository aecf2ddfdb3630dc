/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets, one file each. The folder is on a file system in memory; nothing of it survives the persona's end. */
#include "secrets.h"

#include "folders.h"
#include "text.h"

#define NAME_MAX 63
#define SECRET_MAX 256
#define WAIT_MS 20

static struct text path_of(const char *name)
{
	return text_join(SECRETS_FOLDER "/", name, "");
}

static bool write_whole(const char *path, const uint8_t *bytes, size_t size)
{
	long fd = sys_open(path, OPEN_WRITE | OPEN_CREATE | OPEN_NEW, 0400);
	bool is_whole;

	if (fd < 0)
		return false;
	is_whole = sys_write((int)fd, bytes, size) == (long)size;
	sys_close((int)fd);
	return is_whole;
}

void secret_store(const uint8_t *bytes, size_t size)
{
	const char *name = (const char *)bytes;
	size_t length = 0;
	struct text path, part;

	while (length < size && bytes[length])
		length++;
	if (length == size || !text_is_name(name, NAME_MAX))
		return;
	path = path_of(name);
	part = text_join(path.bytes, "~", ""); /* no name ends so */
	sys_unlink(part.bytes);
	if (write_whole(part.bytes, bytes + length + 1, size - length - 1))
		sys_rename(part.bytes, path.bytes);
	else
		sys_unlink(part.bytes);
}

int secret_show(const char *name, uint32_t seconds)
{
	uint64_t end = sys_milliseconds() + (uint64_t)seconds * 1000;
	struct text path = path_of(name);
	uint8_t bytes[SECRET_MAX];
	long fd, size, written;

	if (!text_is_name(name, NAME_MAX))
		return 2;
	while ((fd = sys_open(path.bytes, OPEN_READ, 0)) < 0) {
		if (sys_milliseconds() >= end)
			return 1;
		sys_poll(NULL, 0, WAIT_MS);
	}
	size = sys_read((int)fd, bytes, sizeof(bytes));
	written = size > 0 ? sys_write(1, bytes, (size_t)size) : size;
	text_clear(bytes, sizeof(bytes));
	return written == size && size >= 0 ? 0 : 1;
}

int secret_forget(const char *name)
{
	return text_is_name(name, NAME_MAX) && sys_unlink(path_of(name).bytes) == 0 ? 0 : 1;
}
