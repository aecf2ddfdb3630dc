/* SPDX-License-Identifier: Apache-2.0 */
/* The one source of every format Veil shares with the outside: image header, manifest, mux frames, control protocol, hypercalls.
 *
 * The TypeScript side (components/image/abi.ts) is generated from this file, so it keeps to a small subset of C: `#define NAME
 * integer`, `enum` with explicit values, and `struct` of fixed-width unsigned integers, arrays of them and earlier structs.
 * Everything is little-endian, every field is naturally aligned, every `reserved` field and every padding byte is zero. */
#ifndef VEIL_ABI_H
#define VEIL_ABI_H

#include <stdint.h>

/* ---- Device image -------------------------------------------------------------------------------------------------
 *
 *   offset 0              struct veil_image_header   (first 64 bytes: the arm64 Linux `Image` header)
 *                         Veil's text, read-only data and data, then zeros up to veil_size (its .bss)
 *   manifest_offset       struct veil_manifest and the tables it points to   (aligned to VEIL_PAGE_SIZE)
 *   payload.offset        payloads                                           (each aligned to VEIL_PAGE_SIZE)
 *
 * The file is loaded as it is at RAM base + text_offset; the composer patches image_size and the manifest words. */
#define VEIL_PAGE_SIZE 65536 /* granule of ownership and of stage 2 */
#define VEIL_ABI_VERSION 5
#define VEIL_IMAGE_MAGIC 0x31474d494c494556 /* "VEILIMG1" */
#define VEIL_MANIFEST_MAGIC 0x314e414d4c494556 /* "VEILMAN1" */

/* arm64 Linux boot header (Documentation/arch/arm64/booting.rst), then Veil's own words. */
struct veil_image_header {
	uint32_t code0;
	uint32_t code1;
	uint64_t text_offset;
	uint64_t image_size; /* bytes of RAM from the load address that the image occupies; patched by the composer */
	uint64_t flags;
	uint64_t res2;
	uint64_t res3;
	uint64_t res4;
	uint32_t magic; /* 0x644d5241, "ARM\x64" */
	uint32_t res5;
	uint64_t veil_magic; /* VEIL_IMAGE_MAGIC */
	uint32_t abi_version;
	uint32_t reserved;
	uint64_t veil_file_size; /* bytes of text, rodata and data in the file */
	uint64_t veil_size; /* bytes including .bss, a multiple of VEIL_PAGE_SIZE */
	uint64_t manifest_offset; /* from the start of the image; patched by the composer */
	uint64_t manifest_size; /* patched by the composer */
};

/* ---- Manifest -----------------------------------------------------------------------------------------------------
 * Canonical: tables follow the header in the order of their fields below, each 8-byte aligned, no gaps but zero padding; regions
 * sorted by base, payloads by offset, segments by persona then guest address, personas by their order in the Phone document. */
#define VEIL_NAME_BYTES 32 /* NUL-padded ASCII, at least one NUL */
#define VEIL_SHA256_BYTES 32
#define VEIL_MAX_PERSONAS 8
#define VEIL_MAX_CPUS 8 /* physical CPUs, and virtual CPUs of one persona */
#define VEIL_MAX_REGIONS 64
#define VEIL_MAX_PAYLOADS 32
#define VEIL_MAX_SEGMENTS 64
#define VEIL_MAX_STORAGE_RANGES 16
#define VEIL_MAX_PERSONA_VOLUMES 8
#define VEIL_MAX_HOTKEY 4
#define VEIL_MAX_PIXELS 8192 /* width and height of a surface */

struct veil_table {
	uint32_t offset; /* from the start of the manifest */
	uint32_t count;
};

/* Signing. Pure Ed25519 (RFC 8032) over struct veil_signed: of a manifest the SHA-256 of all its bytes, of a policy that of its `size` bytes, each
 * with its own 64 bytes of signature as zeros. The policy is signed first: the manifest's digest covers it. Veil carries 1 to VEIL_MAX_KEYS keys,
 * each a public key as RFC 8032 encodes it and the x coordinate of its point, little-endian; key_id is the SHA-256 of the first. */
#define VEIL_SIGNATURE_BYTES 64
#define VEIL_PUBLIC_KEY_BYTES 32
#define VEIL_KEY_BYTES 64 /* with the x coordinate */
#define VEIL_MAX_KEYS 4
#define VEIL_CONTEXT_BYTES 15 /* ASCII, padded with NULs; here as two numbers, the first of 8 bytes */
#define VEIL_CONTEXT_MANIFEST0 0x6e616d2d6c696576 /* "veil-man" */
#define VEIL_CONTEXT_MANIFEST1 0x00312d7473656669 /* "ifest-1" */
#define VEIL_CONTEXT_POLICY0 0x6c6f702d6c696576 /* "veil-pol" */
#define VEIL_CONTEXT_POLICY1 0x000000312d796369 /* "icy-1" */

struct veil_signed {
	uint8_t context[VEIL_CONTEXT_BYTES];
	uint8_t sha256[VEIL_SHA256_BYTES];
};

enum veil_signature_kind {
	VEIL_SIGNATURE_DEVELOPMENT = 0, /* unsigned: what a Veil built without keys takes, and nothing else */
	VEIL_SIGNATURE_ED25519 = 1 /* what a Veil built with keys takes, and nothing else */
};

struct veil_manifest {
	uint64_t magic; /* VEIL_MANIFEST_MAGIC */
	uint32_t abi_version; /* VEIL_ABI_VERSION */
	uint32_t must_understand; /* flags; an unknown one means refuse. None is defined. */
	uint64_t size; /* of the whole manifest with its tables */
	uint8_t board[VEIL_NAME_BYTES]; /* must equal the board Veil was built for */
	uint32_t machine_version; /* version of the virtual machine type guests see */
	uint32_t signature_kind; /* enum veil_signature_kind */
	uint8_t key_id[VEIL_SHA256_BYTES];
	uint64_t version_counter; /* 1 or more where it is signed; see "Versions" */
	uint8_t image_sha256[VEIL_SHA256_BYTES]; /* of the image file without this manifest's bytes; checked by the deployer */
	uint8_t signature[VEIL_SIGNATURE_BYTES];
	uint64_t ram_base; /* host-physical */
	uint64_t ram_size;
	uint64_t work_base; /* memory Veil takes its tables from; inside a region it owns */
	uint64_t work_size;
	uint32_t cpu_count; /* physical CPUs to start */
	uint32_t initial_foreground; /* persona index */
	uint32_t flags; /* enum veil_manifest_flag */
	uint32_t hotkey_count; /* keys of the sequence that brings the next persona to the front; 0: there is none */
	uint16_t hotkey[VEIL_MAX_HOTKEY]; /* Linux key codes (input-event-codes.h); the rest is zero. No guest ever sees these keys */
	uint64_t view_base; /* host-physical, pages of Veil's own as large as a surface, where it draws two side by side; 0: it does not */
	struct veil_table regions;
	struct veil_table payloads;
	struct veil_table segments;
	struct veil_table personas;
	struct veil_table surfaces; /* none, or one for each persona, in their order */
	struct veil_table storage_ranges;
	struct veil_table passthrough; /* reserved: count is zero in this version */
	uint32_t policy_offset; /* of struct veil_policy, from the start of the manifest: the last thing in it */
	uint32_t policy_capacity; /* VEIL_POLICY_BYTES; what the section leaves of it is zero */
};

enum veil_manifest_flag {
	VEIL_SKIP_PAYLOAD_DIGESTS = 1 /* for measurements only: `explain` and the log say so */
};

enum veil_owner {
	VEIL_OWNER_VEIL = 0xffff,
	VEIL_OWNER_PAYLOADS = 0xfffe,
	VEIL_OWNER_FREE = 0xfffd /* 0..VEIL_MAX_PERSONAS-1: the persona of that index */
};

/* Who owns a host-physical range. Regions cover all of RAM without gap or overlap. */
struct veil_region {
	uint64_t base;
	uint64_t size;
	uint32_t owner; /* enum veil_owner or a persona's index */
	uint32_t reserved;
};

struct veil_payload {
	uint64_t offset; /* from the start of the image */
	uint64_t size; /* bytes; the rest of the last page is zero */
	uint8_t sha256[VEIL_SHA256_BYTES];
};

/* A payload, or a part of it, as a persona finds it in its RAM at start. Segments of a persona do not overlap. */
struct veil_segment {
	uint32_t persona;
	uint32_t payload;
	uint64_t guest_address; /* guest-physical; a multiple of 4096 */
	uint64_t payload_offset; /* a multiple of 4096 */
	uint64_t size;
};

enum veil_persona_flag {
	VEIL_START_AT_BOOT = 1,
	VEIL_RESTART_ON_CRASH = 2,
	VEIL_FREEZE_IN_BACKGROUND = 4,
	VEIL_LOCK_ON_LEAVE = 8 /* its keyboard gets KEY_SCREENLOCK (152) when the user leaves it; needs VEIL_DEVICE_INPUT */
};

/* Places on the guest machine `virt`; those on `integrator_cp` are in platforms/integrator_cp/guest_machine.h. */
enum veil_device {
	VEIL_DEVICE_PL011 = 1, /* at 0x09000000, interrupt SPI 1 */
	VEIL_DEVICE_PL031 = 2, /* at 0x09010000, interrupt SPI 2 */
	VEIL_DEVICE_PVPANIC = 4, /* one byte at 0x09f00000 ("qemu,pvpanic-mmio"): a guest that panics says so */
	VEIL_DEVICE_INPUT = 8, /* virtio-input over virtio-mmio: keyboard at 0x0a000000, SPI 16; tablet at 0x0a000200, SPI 17 */
	VEIL_DEVICE_NETWORK = 16, /* virtio-net over virtio-mmio at 0x0a000400, SPI 18 */
	VEIL_DEVICE_AGENT = 32, /* virtio-console over virtio-mmio at 0x0a000600, SPI 19: see "Agent ports" */
	VEIL_DEVICE_WATCHDOG = 64, /* SBSA generic watchdog: refresh frame at 0x09020000, control frame at 0x09030000, SPI 4 */
	VEIL_DEVICE_FLASH = 128 /* read-only at VEIL_FLASH_CODE, for firmware; a variable flash with CFI commands at VEIL_FLASH_VARIABLES */
};

/* Flash as on QEMU's `virt`: guest-physical places, and the most that fits there. Segments say what is in it at start. */
#define VEIL_FLASH_CODE 0
#define VEIL_FLASH_VARIABLES 0x04000000
#define VEIL_MAX_FLASH_PAGES 1024

/* Patches: an ARMv6 guest's kernel runs in user mode, where some of its instructions do something else without trapping. When its image is
 * built, each is replaced by `svc` with the same condition (always, where it has none) and the number VEIL_PATCH_SVC + n; word n of the
 * persona's table is the instruction, with the condition AL where it has one. In a privileged mode of the guest such an svc does what the word
 * says, on the guest's own virtual CPU; any other svc is the guest's. */
#define VEIL_PATCH_SVC 0xf00000
#define VEIL_MAX_PATCHES 1024

struct veil_persona {
	uint8_t name[VEIL_NAME_BYTES];
	uint8_t uuid[16];
	uint8_t label[VEIL_NAME_BYTES];
	uint32_t colour; /* 0x00RRGGBB */
	uint32_t flags; /* enum veil_persona_flag */
	uint32_t devices; /* enum veil_device */
	uint32_t cpu_count; /* virtual CPUs */
	uint32_t cpu_share; /* weight, 1..1000 */
	uint32_t cpu_cap_percent; /* of one physical CPU, 1..100 * cpu_count */
	uint32_t cpu_affinity; /* bit n: physical CPU n may run it */
	uint32_t restart_limit; /* restarts allowed within restart_window_seconds; after that it stays crashed */
	uint32_t restart_window_seconds;
	uint16_t flash_code_pages; /* with VEIL_DEVICE_FLASH 1..VEIL_MAX_FLASH_PAGES, else 0; in host memory behind its RAM */
	uint16_t flash_variable_pages; /* the same, behind these */
	uint64_t ram_guest_base; /* guest-physical, a multiple of VEIL_PAGE_SIZE */
	uint64_t ram_size;
	uint64_t ram_host_base; /* host-physical */
	uint64_t entry; /* guest-physical address of the first instruction: in RAM, or in the read-only flash */
	uint64_t x0; /* guest-physical address of the device tree, or what its boot protocol wants there; of an ARMv6 guest in r2 */
	uint64_t rng_seed_address; /* guest-physical address of 32 bytes to fill with entropy at each start; 0 = none */
	uint64_t kaslr_seed_address; /* the same for 8 bytes */
	uint32_t patch_payload; /* its table of patches: patch_count words of 32 bits; 0 where it has none */
	uint32_t patch_count; /* 0..VEIL_MAX_PATCHES */
};

/* ---- Policy -------------------------------------------------------------------------------------------------------
 * What personas may reach and share: nothing unless it is listed. A section of its own at the end of the manifest that refers to
 * personas by their index and to nothing else, so that another one can take its place while the personas run (VEIL_OP_POLICY_...).
 * Tables follow its header in the order of their fields, without gaps. */
#define VEIL_POLICY_MAGIC 0x314c4f504c494556 /* "VEILPOL1" */
#define VEIL_POLICY_FORMAT 1
#define VEIL_POLICY_BYTES 8192 /* capacity: no policy is larger */
#define VEIL_MAX_NETWORKS 8
#define VEIL_MAX_EGRESS_RULES 128 /* of all networks together */
#define VEIL_MAX_CHANNELS 72

struct veil_policy {
	uint64_t magic; /* VEIL_POLICY_MAGIC */
	uint32_t format; /* VEIL_POLICY_FORMAT */
	uint32_t must_understand; /* flags; an unknown one means refuse. None is defined. */
	uint32_t size; /* bytes with the tables */
	uint32_t signature_kind; /* enum veil_signature_kind */
	uint8_t key_id[VEIL_SHA256_BYTES];
	uint64_t version_counter; /* the manifest's, or more where it takes another's place: never less than the one in force */
	uint8_t signature[VEIL_SIGNATURE_BYTES];
	struct veil_table networks; /* offsets from the start of this section */
	struct veil_table egress_rules;
	struct veil_table channels; /* sorted by from, to, carries; each once */
};

/* A network some personas are on. They share its rules and nothing else: it does not connect them. */
struct veil_network {
	uint8_t name[VEIL_NAME_BYTES];
	uint32_t personas; /* bit n: persona n; a persona is on one network at most */
	uint16_t first_rule; /* its rules lie together, one network's after the other's */
	uint16_t rule_count;
};

enum veil_protocol {
	VEIL_PROTOCOL_ANY = 0,
	VEIL_PROTOCOL_ICMP = 1, /* echo; with family 6: of ICMPv6 */
	VEIL_PROTOCOL_TCP = 6,
	VEIL_PROTOCOL_UDP = 17
};

/* Something that may leave a network, with the answers to it. */
struct veil_egress_rule {
	uint8_t address[16]; /* destination; of IPv4 in the first 4 bytes, zeros after them and after the prefix */
	uint8_t family; /* 4 or 6 */
	uint8_t prefix; /* bits of the address that count */
	uint8_t protocol; /* enum veil_protocol */
	uint8_t reserved;
	uint16_t first_port; /* destination ports; 0 and 65535 for all, and where the protocol is neither TCP nor UDP */
	uint16_t last_port;
	uint32_t declared; /* entry of the network's declaration it comes from */
	uint32_t reserved2;
};

enum veil_carries {
	VEIL_CARRIES_OWNER = 0, /* from VEIL_NO_PERSONA: the owner may use the persona's owner port */
	VEIL_CARRIES_CLIPBOARD = 1,
	VEIL_CARRIES_FILES = 2
};

/* A path from one persona to another, in that direction alone. */
struct veil_channel {
	uint8_t from;
	uint8_t to;
	uint8_t carries; /* enum veil_carries */
	uint8_t reserved;
	uint32_t max_bytes; /* of one transfer; 0 for the owner, as is the next */
	uint32_t per_minute; /* transfers */
	uint32_t reserved2;
};

/* Pixel formats by their DRM fourcc (drm_fourcc.h). */
#define VEIL_FORMAT_XRGB8888 0x34325258
#define VEIL_FORMAT_RGB565 0x36314752

/* A persona's picture: the indicator strip in rows 0 to strip_rows-1, on pages only Veil writes, and below it the body, physically
 * contiguous with it, on pages of the persona. A persona without a display has a body too, Veil's and black, so that
 * there is something to show in its place. */
struct veil_surface {
	uint32_t width; /* pixels */
	uint32_t height; /* rows, the strip's included */
	uint32_t stride; /* bytes a row */
	uint32_t format; /* VEIL_FORMAT_... */
	uint32_t strip_rows;
	uint32_t strip_payload; /* the strip's pixels: strip_rows * stride bytes */
	uint64_t host_base; /* host-physical address of row 0; the body's first row begins a page */
	uint64_t body_size; /* a multiple of VEIL_PAGE_SIZE */
	uint64_t body_guest_base; /* guest-physical: the end of the persona's RAM; 0: the persona has no display */
};

#define VEIL_SECTOR_BYTES 512
#define VEIL_STORAGE_FIRST_SECTOR 2048 /* below it lies the disk's partition table, which no guest may write */

/* Versions. A Veil with keys keeps the number of the newest image that was accepted (VEIL_OP_ACCEPT) and refuses older ones. On qemu-virt it is on
 * the handset's disk, in two records that are written in turn, so that one is whole whatever is cut off: a record without its magic or with another
 * `inverse` is none, and without any the number is 0. On the N800 it is in Veil's own blocks of the flash. */
#define VEIL_VERSION_FIRST_SECTOR 64
#define VEIL_VERSION_RECORDS 2
#define VEIL_VERSION_RECORD_SECTORS 8 /* from one record to the next: disks write 4 KiB at a time */
#define VEIL_VERSION_MAGIC 0x315352564c494556 /* "VEILVRS1" */

struct veil_version_record {
	uint64_t magic; /* VEIL_VERSION_MAGIC */
	uint64_t version;
	uint64_t inverse; /* ~version */
};

/* A volume: part of the handset's disk, which its persona sees as a disk of its own (virtio-blk over virtio-mmio: the persona's volume n at
 * 0x0a001000 + n * 0x200, SPI 24 + n). Sorted by persona, then as declared; no two overlap. */
struct veil_storage_range {
	uint32_t persona;
	uint32_t reserved;
	uint64_t first_sector; /* of the handset's disk */
	uint64_t sector_count;
	uint8_t name[VEIL_NAME_BYTES]; /* the first 20 bytes are the serial number the guest sees */
};

/* Work memory Veil needs: the composer reserves BASE + personas * PERSONA + vCPUs * VCPU + PAGE_SIZE * every started 512 MiB of each
 * persona's RAM with its surface's body + PAGE_SIZE * personas with flash; STORAGE where there is a storage range, and on qemu-virt where the
 * manifest is signed; where there is a network, SWITCH + personas that are on one * NETWORK; where guests' kernels run in user mode,
 * personas * SHADOW; rounded up to VEIL_PAGE_SIZE. */
#define VEIL_WORK_BASE 65536
#define VEIL_WORK_PERSONA 32768
#define VEIL_WORK_VCPU 8192
#define VEIL_WORK_STORAGE 264192
#define VEIL_WORK_NETWORK 12288
#define VEIL_WORK_SWITCH 204800
#define VEIL_WORK_SHADOW 573440

/* ---- Mux ----------------------------------------------------------------------------------------------------------
 * One serial line a board. A frame is
 *
 *   0  u8   VEIL_MUX_SYNC0        2  u8   channel           5..5+length  payload
 *   1  u8   VEIL_MUX_SYNC1        3  u16  length (1..256)   then u16 CRC-16/XMODEM (poly 0x1021, init 0) of bytes 2..5+length
 *
 * Bytes outside a frame are raw panic output. A receiver that finds a bad length or CRC drops the two sync bytes, counts one
 * garbage and looks for the next sync from there. Credits: neither side sends payload bytes on a channel beyond what the other
 * granted; grants are running totals (modulo 2^32, from 0 at hello), so that a lost or repeated grant does no harm. Channel
 * VEIL_MUX_LINK needs no credit. */
#define VEIL_MUX_SYNC0 0xb5
#define VEIL_MUX_SYNC1 0x62
#define VEIL_MUX_MAX_PAYLOAD 256
#define VEIL_MUX_CONTROL 0 /* channel of the control protocol; persona n's console is channel n + 1 */
#define VEIL_MUX_AGENT 17 /* persona n's owner port is channel n + 17; what does not fit waits, nothing of it is dropped */
#define VEIL_MUX_LINK 255

enum veil_link_op {
	VEIL_LINK_HELLO = 1, /* struct veil_link_hello, both ways; Veil answers the bridge's and sends one at boot */
	VEIL_LINK_CREDIT = 2 /* struct veil_link_credit */
};

struct veil_link_hello {
	uint8_t op;
	uint8_t abi_version;
	uint8_t personas; /* from Veil; zero from the bridge */
	uint8_t reply; /* 1: an answer to a hello, do not answer it */
	uint32_t cpus;
	uint64_t boot_epoch; /* random, new at every boot of Veil; zero from the bridge */
};

struct veil_link_credit {
	uint8_t op;
	uint8_t channel;
	uint16_t reserved;
	uint32_t granted; /* running total of payload bytes the sender of this frame is ready to receive on the channel */
};

/* ---- Control protocol ---------------------------------------------------------------------------------------------
 * A request is struct veil_request, followed by data where its op says so; each is answered by one struct veil_response with the
 * same id, followed in the same frame by the data its op defines. Ops are idempotent: starting what runs, pausing what is paused and so on is OK. Veil sends events
 * unasked (id 0). Start, stop and restart answer when accepted; the event tells when it has happened. */
enum veil_op {
	VEIL_OP_STATUS_SYSTEM = 1, /* -> struct veil_status_system */
	VEIL_OP_STATUS_PERSONA = 2, /* -> struct veil_status_persona */
	VEIL_OP_START = 3,
	VEIL_OP_STOP = 4,
	VEIL_OP_PAUSE = 5,
	VEIL_OP_RESUME = 6,
	VEIL_OP_RESTART = 7,
	VEIL_OP_SWITCH = 8, /* moves the foreground */
	VEIL_OP_LOG = 9, /* argument: sequence number; -> struct veil_log_header and text of the first record not before it */
	VEIL_OP_STATISTICS = 10, /* -> struct veil_statistics of one persona */
	VEIL_OP_POWER_OFF = 11, /* the handset; persona is VEIL_NO_PERSONA */
	VEIL_OP_ACCEPT = 12, /* image and policy are good: Veil, with keys, refuses older images from now on; AGAIN until that is kept */
	VEIL_OP_POLICY_BEGIN = 16, /* another policy arrives; argument: its size; data: its SHA-256 */
	VEIL_OP_POLICY_DATA = 17, /* argument: offset, which is how much has arrived; data: up to VEIL_POLICY_CHUNK bytes of it */
	VEIL_OP_POLICY_COMMIT = 18, /* it is in force; AGAIN while it is checked; BAD_POLICY: it is not good, the old stays */
	VEIL_OP_POLICY_STATUS = 19, /* -> struct veil_policy_status */
	VEIL_OP_NETWORK = 20, /* -> struct veil_network_status of one persona; NO_DATA: it has no network */
	VEIL_OP_SECRET = 24, /* up to VEIL_SECRET_BYTES follow the request: for the persona's agent, as VEIL_FRAME_SECRET; kept nowhere */
	VEIL_OP_VIEW = 32, /* argument 1: the persona is shown beside the one in front; 0: the one in front is shown alone */
	VEIL_EVENT_STATE = 64, /* -> struct veil_event_state */
	VEIL_EVENT_AGENT = 66 /* the persona's agent has said that it is there: secrets can be handed to it */
};

#define VEIL_NO_PERSONA 255
#define VEIL_LAST_RUN 254 /* in the log, where a persona would be: it was said before the handset was started last */

enum veil_result {
	VEIL_RESULT_OK = 0,
	VEIL_RESULT_UNKNOWN_OP = 1,
	VEIL_RESULT_BAD_LENGTH = 2,
	VEIL_RESULT_NO_SUCH_PERSONA = 3,
	VEIL_RESULT_WRONG_STATE = 4, /* for instance resume of a stopped persona */
	VEIL_RESULT_NO_DATA = 5, /* log: nothing at or after that number */
	VEIL_RESULT_BAD_POLICY = 6, /* also: not signed by a key of Veil's, or older than the one in force */
	VEIL_RESULT_AGAIN = 7, /* it is under way: ask again */
	VEIL_RESULT_NOT_KEPT = 8 /* disk or flash has refused it */
};

struct veil_request {
	uint8_t op;
	uint8_t persona;
	uint16_t id; /* chosen by the sender, not 0 */
	uint32_t argument;
};

struct veil_response {
	uint8_t op;
	uint8_t persona;
	uint16_t id;
	uint32_t result; /* enum veil_result */
};

#define VEIL_POLICY_CHUNK 64 /* as much as Veil hashes at once where that is dear */

struct veil_policy_status {
	uint8_t sha256[VEIL_SHA256_BYTES]; /* of the policy in force, its header and tables */
	uint32_t size; /* of the same */
	uint32_t replaced; /* times since boot */
	uint32_t arrived; /* bytes of the next one */
	uint32_t reserved;
};

/* What became of a frame that was not passed on. */
enum veil_refusal {
	VEIL_REFUSED_NOT = 0,
	VEIL_REFUSED_SOURCE = 1, /* from the guest: its sender is not the one it is, or a claim about somebody else */
	VEIL_REFUSED_NEIGHBOUR = 2, /* from the guest, to another persona */
	VEIL_REFUSED_RULE = 3, /* from the guest: nothing in the policy allows it */
	VEIL_REFUSED_KIND = 4, /* a kind of frame that is not passed on: broken, a fragment, with options, of an unknown protocol */
	VEIL_REFUSED_UNASKED = 5, /* to the guest: answers nothing it sent */
	VEIL_REFUSED_ROOM = 6 /* there was nowhere to put it */
};

struct veil_network_status {
	uint8_t mac[6];
	uint8_t has_address;
	uint8_t reserved;
	uint8_t address[4]; /* IPv4, as the network gave it */
	uint32_t reserved2;
	uint64_t sent; /* frames passed on */
	uint64_t sent_bytes;
	uint64_t received;
	uint64_t received_bytes;
	uint64_t refused_source; /* by enum veil_refusal */
	uint64_t refused_neighbour;
	uint64_t refused_rule;
	uint64_t refused_kind;
	uint64_t refused_unasked;
	uint64_t refused_room;
	uint8_t last_address[16]; /* where the last one went that no rule allows; family 0: there was none */
	uint16_t last_port;
	uint8_t last_family;
	uint8_t last_protocol; /* of IP */
	uint32_t reserved3;
};

enum veil_state {
	VEIL_STATE_STOPPED = 0,
	VEIL_STATE_STARTING = 1, /* payloads are being verified */
	VEIL_STATE_RUNNING = 2,
	VEIL_STATE_PAUSED = 3,
	VEIL_STATE_CRASHED = 4,
	VEIL_STATE_OFF = 5 /* the guest switched itself off */
};

/* Why a persona left the state RUNNING or was restarted last. */
enum veil_reason {
	VEIL_REASON_NONE = 0,
	VEIL_REASON_COMMAND = 1,
	VEIL_REASON_GUEST_OFF = 2, /* PSCI SYSTEM_OFF */
	VEIL_REASON_GUEST_RESET = 3, /* PSCI SYSTEM_RESET; a Linux panic with panic=N ends here too */
	VEIL_REASON_GUEST_CRASHED = 4, /* the guest reported its own crash (hypercall VEIL_HVC_CRASHED) */
	VEIL_REASON_BAD_PAYLOAD = 5, /* a payload's digest is wrong */
	VEIL_REASON_FAULT = 6, /* an exit Veil cannot reflect into the guest */
	VEIL_REASON_RESTART_LIMIT = 7, /* crashed more often than declared */
	VEIL_REASON_WATCHDOG = 8, /* its watchdog was not refreshed in time */
	VEIL_REASON_BACKGROUND = 9 /* frozen, because another persona is in the foreground */
};

/* The last fault of a persona that ended it (reason GUEST_CRASHED, FAULT), or zeros. */
struct veil_fault {
	uint64_t syndrome; /* ESR_EL2 */
	uint64_t pc;
	uint64_t address; /* guest-physical, where the syndrome has one; guest-virtual for others */
	uint32_t vcpu;
	uint32_t reserved;
};

struct veil_status_persona {
	uint8_t state; /* enum veil_state */
	uint8_t reason; /* enum veil_reason */
	uint8_t ready; /* 1 once the guest called VEIL_HVC_READY since its last start */
	uint8_t foreground;
	uint32_t restarts; /* since boot */
	uint32_t starts; /* since boot; console output after start n belongs to start n */
	uint32_t cpu_count;
	uint64_t cpu_time_ns; /* since boot, all virtual CPUs, Veil's work for it included */
	uint64_t memory_total; /* bytes */
	uint64_t memory_touched; /* bytes the guest has touched since its start */
	struct veil_fault fault;
	uint8_t name[VEIL_NAME_BYTES];
};

struct veil_status_system {
	uint64_t boot_epoch;
	uint64_t uptime_ns;
	uint64_t idle_ns; /* all physical CPUs */
	uint32_t cpus;
	uint32_t personas;
	uint32_t foreground;
	uint32_t mux_garbage; /* frames dropped on input */
	uint64_t mux_dropped; /* console bytes dropped for want of credit or room */
	uint64_t memory_veil; /* bytes Veil itself occupies: code, data, work memory in use */
	uint64_t memory_payloads; /* bytes kept for restarts */
	uint32_t log_next; /* sequence number the next log record will have */
	uint32_t beside; /* persona shown beside the one in front; VEIL_NO_PERSONA: none */
};

/* Exits by cause since boot; what is refused is counted apart. */
struct veil_statistics {
	uint64_t exits;
	uint64_t hypercalls;
	uint64_t smc;
	uint64_t wfi;
	uint64_t mmio;
	uint64_t system_registers;
	uint64_t interrupts;
	uint64_t populated; /* pages of VEIL_PAGE_SIZE built on first touch */
	uint64_t refused_memory; /* accesses outside RAM and devices, reflected as external aborts */
	uint64_t refused_registers; /* system registers answered by an undefined-instruction exception */
	uint64_t refused_calls; /* unknown hypercalls */
	uint64_t switches; /* times another virtual CPU ran in between */
	uint64_t refused_storage; /* requests beyond the end of a volume, or malformed ones */
	uint64_t transfers; /* sent over channels, complete */
	uint64_t transfer_bytes;
	uint64_t refused_transfers;
};

struct veil_event_state {
	uint8_t state;
	uint8_t reason;
	uint16_t reserved;
	uint32_t starts;
};

struct veil_log_header {
	uint32_t sequence; /* of this record; text follows up to the end of the frame */
	uint32_t persona; /* VEIL_NO_PERSONA for Veil's own; VEIL_LAST_RUN */
	uint64_t time_ns; /* since boot */
};

/* ---- Agent ports --------------------------------------------------------------------------------------------------
 * VEIL_DEVICE_AGENT is a virtio-console (OASIS virtio 1.2, 5.3) with two ports. Port 0, "veil.owner", is a stream of bytes between the
 * guest's agent and the owner, over the mux; Veil does not look into it. A driver that does not accept VIRTIO_CONSOLE_F_MULTIPORT has
 * this port alone. Port 1, "veil.frames", carries frames between agent and Veil: each is a struct veil_frame and its payload, alone in
 * one buffer of the queue. The agent must give buffers of VEIL_FRAME_MAX bytes at least to receive. */
#define VEIL_FRAME_MAX 1024 /* bytes of a frame, header included */
#define VEIL_SECRET_BYTES 240

enum veil_frame_op {
	VEIL_FRAME_HELLO = 1, /* from the agent: it is there */
	VEIL_FRAME_SECRET = 2, /* to the agent: a name (ASCII), NUL, and the secret's bytes */
	VEIL_FRAME_CHANNELS = 3, /* to the agent, after its hello and when the policy changes: struct veil_channel_info of each channel */
	VEIL_FRAME_BEGIN = 4, /* a transfer begins; argument: its bytes; payload: the name of a file. Ends one under way on the channel */
	VEIL_FRAME_DATA = 5, /* bytes of it: when there are as many as were announced it is complete */
	VEIL_FRAME_ABORT = 6, /* it ends here */
	VEIL_FRAME_RESULT = 7 /* to the agent that sends: how it ended; argument: enum veil_transfer */
};

enum veil_transfer {
	VEIL_TRANSFER_DONE = 0,
	VEIL_TRANSFER_REFUSED = 1, /* there is no such channel */
	VEIL_TRANSFER_TOO_LARGE = 2, /* or it has no bytes */
	VEIL_TRANSFER_TOO_MANY = 3, /* in this minute */
	VEIL_TRANSFER_AWAY = 4, /* the other persona does not run, or its agent does not listen */
	VEIL_TRANSFER_STALLED = 5 /* the other agent took nothing for VEIL_STALL_SECONDS */
};

#define VEIL_STALL_SECONDS 5

/* A channel as an agent sees it; its number is the other persona's index + 16 * what it carries. */
struct veil_channel_info {
	uint8_t channel;
	uint8_t is_outgoing;
	uint16_t reserved;
	uint32_t max_bytes;
	uint32_t per_minute;
	uint8_t name[VEIL_NAME_BYTES]; /* of the other persona */
};

struct veil_frame {
	uint8_t op; /* enum veil_frame_op */
	uint8_t channel;
	uint16_t length; /* of the payload, which follows */
	uint32_t argument;
};

/* ---- Hypercalls ---------------------------------------------------------------------------------------------------
 * SMC Calling Convention (DEN0028), conduit HVC, PSCI 1.1 (DEN0022) and these vendor-specific hypervisor services. Unknown
 * functions return -1 quietly. */
#define VEIL_HVC_CALL_UID 0x8600ff01
#define VEIL_HVC_READY 0xc6000001 /* this persona is up: shows as `ready` in the status */
#define VEIL_HVC_CRASHED 0xc6000002 /* x1: a code for the log; the persona is ended as crashed */
#define VEIL_HVC_YIELD 0xc6000003 /* give the rest of this turn to whoever wants the CPU */

/* On guest machine `integrator_cp` the conduit is the permanently undefined instruction `udf #0x5645` in a privileged mode of ARM state:
 * r0 the function, r1 its argument, the result in r0; no other register changes. Of those above it has READY, CRASHED and YIELD, and of
 * PSCI SYSTEM_OFF and SYSTEM_RESET. In user mode it is an undefined instruction, as on a real one. */
#define VEIL_UDF 0xe7f564f5

#endif
