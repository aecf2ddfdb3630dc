/* SPDX-License-Identifier: Apache-2.0 */
/* What a persona's start does with its volumes where no package does: opens an encrypted one, and lets a file system grow into a volume
 * that has grown. Freestanding, for Linux, so that the smallest root filesystem can have it.
 *
 *   volume open NAME DEVICE <KEY     the device becomes /dev/mapper/NAME; prints its name
 *   volume grow DEVICE MOUNTPOINT    the mounted ext4 fills the device
 *
 * An encrypted volume is LUKS2 (cryptsetup opens it as well): its one key slot holds the very key it is opened with, so nothing but
 * the place of the data is read from the header, and the kernel's dm-crypt does the rest. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <call.h>

#define AT_FDCWD (-100)
#define O_RDWR 2

static size_t length(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}

static void say(int fd, const char *text)
{
	syscall4(SYS_WRITE, fd, (long)text, (long)length(text), 0);
}

static _Noreturn void end(int status)
{
	for (;;)
		syscall4(SYS_EXIT, status, 0, 0, 0);
}

static _Noreturn void fail(const char *why)
{
	say(2, "volume: ");
	say(2, why);
	say(2, "\n");
	end(1);
}

static int open_file(const char *path, int flags)
{
	return (int)syscall4(SYS_OPENAT, AT_FDCWD, (long)path, flags, 0);
}

static long control(int fd, uint64_t request, void *argument)
{
	return syscall4(SYS_IOCTL, fd, (long)request, (long)argument, 0);
}

/* The compiler calls these by name. */
void *memset(void *to, int byte, size_t size);
void *memset(void *to, int byte, size_t size)
{
	volatile uint8_t *at = to;

	while (size--)
		*at++ = (uint8_t)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t size);
void *memcpy(void *to, const void *from, size_t size)
{
	uint8_t *at = to;
	const uint8_t *source = from;

	while (size--)
		*at++ = *source++;
	return to;
}

/* ---- Text ---- */

static char *append(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	*to = 0;
	return to;
}

static char *append_number(char *to, uint64_t value)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = 0;
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	return append(to, digits + at);
}

static bool begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return false;
	return true;
}

/* ---- Sizes ---- */

static uint64_t device_bytes(int fd)
{
	uint64_t size = 0;

	if (control(fd, BLKGETSIZE64, &size) < 0)
		fail("the device has no size");
	return size;
}

/* ---- LUKS2 (LUKS2 On-Disk Format Specification 1.1, 2 and 3): where the data begins ---- */

#define HEADER_BINARY 4096
#define HEADER_SIZE 16384

/* The header is this persona's own: whoever can write it can write the data too. It is only searched for one number. */
static uint64_t data_offset(int fd)
{
	static const uint8_t magic[] = {'L', 'U', 'K', 'S', 0xba, 0xbe, 0, 2};
	static char header[HEADER_SIZE + 1];
	uint64_t offset = 0;
	bool is_segment = false;

	if (syscall4(SYS_READ, fd, (long)header, HEADER_SIZE, 0) != HEADER_SIZE)
		fail("the device has no header");
	for (size_t i = 0; i < sizeof(magic); i++)
		if ((uint8_t)header[i] != magic[i])
			fail("the device is no LUKS2 volume");
	for (size_t at = HEADER_BINARY; at < HEADER_SIZE; at++) {
		is_segment |= begins(header + at, "\"segments\"");
		if (!is_segment || !begins(header + at, "\"offset\":\""))
			continue;
		for (at += 10; header[at] >= '0' && header[at] <= '9' && offset < UINT64_C(1) << 50; at++)
			offset = offset * 10 + (uint64_t)(header[at] - '0');
		break;
	}
	if (offset == 0 || offset % 4096)
		fail("the header does not say where the data is");
	return offset;
}

/* ---- Device mapper (linux/dm-ioctl.h) ---- */

#define DM_DEV_CREATE 3
#define DM_DEV_SUSPEND 6
#define DM_TABLE_LOAD 9
#define DM_SECURE_DATA (1U << 15) /* the kernel clears its copies */

struct dm_request {
	uint32_t version[3];
	uint32_t data_size;
	uint32_t data_start;
	uint32_t target_count;
	int32_t open_count;
	uint32_t flags;
	uint32_t event;
	uint32_t padding;
	uint64_t device;
	char name[128];
	char uuid[129];
	char data[7];
	/* then one target */
	uint64_t start;
	uint64_t sectors;
	int32_t status;
	uint32_t next;
	char type[16];
	char parameters[512];
};

#define DM_HEADER 312

static struct dm_request request;

static void mapper(int fd, uint32_t command, bool has_target)
{
	request.version[0] = 4;
	request.data_size = has_target ? sizeof(request) : DM_HEADER;
	request.data_start = DM_HEADER;
	request.target_count = has_target;
	request.flags = DM_SECURE_DATA;
	if (control(fd, UINT64_C(3) << 30 | (uint64_t)DM_HEADER << 16 | 0xfd << 8 | command, &request) < 0)
		fail("the device mapper refuses");
}

#define KEY_BYTES 64
#define UNIT 4096

static char *append_key(char *to)
{
	uint8_t key[KEY_BYTES];
	size_t have = 0;

	while (have < sizeof(key)) {
		long more = syscall4(SYS_READ, 0, (long)(key + have), (long)(sizeof(key) - have), 0);

		if (more <= 0)
			fail("no key came");
		have += (size_t)more;
	}
	for (size_t i = 0; i < sizeof(key); i++) {
		*to++ = "0123456789abcdef"[key[i] >> 4];
		*to++ = "0123456789abcdef"[key[i] & 15];
	}
	memset(key, 0, sizeof(key));
	return to;
}

static int open_volume(const char *name, const char *device)
{
	int fd = open_file(device, O_RDWR);
	int control_fd;
	uint64_t offset, size;
	char path[300], target[32];
	char *at;

	if (fd < 0)
		fail("there is no such device");
	if (length(name) > 100)
		fail("the name is too long");
	offset = data_offset(fd);
	size = device_bytes(fd);
	if (size < offset + UNIT)
		fail("the device is too small");
	control_fd = open_file("/dev/mapper/control", O_RDWR);
	if (control_fd < 0)
		fail("there is no device mapper");
	append(request.name, name);
	mapper(control_fd, DM_DEV_CREATE, false);
	request.sectors = (size - offset) / UNIT * (UNIT / 512);
	append(request.type, "crypt");
	at = append(request.parameters, "aes-xts-plain64 ");
	at = append_key(at);
	at = append(at, " 0 ");
	at = append(at, device);
	at = append(at, " ");
	at = append_number(at, offset / 512);
	append(at, " 1 sector_size:4096");
	request.device = 0;
	mapper(control_fd, DM_TABLE_LOAD, true);
	memset(request.parameters, 0, sizeof(request.parameters));
	request.device = 0;
	mapper(control_fd, DM_DEV_SUSPEND, false); /* without its flag: resumed */
	at = append(target, "/dev/dm-");
	append_number(at, (request.device & 0xff) | (request.device >> 12 & 0xffffff00));
	append(append(path, "/dev/mapper/"), name);
	syscall4(SYS_SYMLINKAT, (long)target, AT_FDCWD, (long)path, 0);
	say(1, target);
	say(1, "\n");
	return 0;
}

/* ---- ext4 (fs/ext4/ext4.h) ---- */

#define EXT4_IOC_RESIZE_FS 0x40086610
#define BLOCK 4096

static int grow(const char *device, const char *place)
{
	int fd = open_file(device, 0);
	int mounted = open_file(place, 0);
	uint64_t blocks;

	if (fd < 0 || mounted < 0)
		fail("there is no such device, or nothing is mounted there");
	blocks = device_bytes(fd) / BLOCK;
	return control(mounted, EXT4_IOC_RESIZE_FS, &blocks) < 0;
}

_Noreturn void volume(long *stack);
_Noreturn void volume(long *stack)
{
	long count = stack[0];
	char **words = (char **)(stack + 1);

	if (count == 4 && begins(words[1], "open"))
		end(open_volume(words[2], words[3]));
	if (count == 4 && begins(words[1], "grow"))
		end(grow(words[2], words[3]));
	fail("volume open NAME DEVICE <KEY | volume grow DEVICE MOUNTPOINT");
}
