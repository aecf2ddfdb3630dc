// SPDX-License-Identifier: Apache-2.0
// Every format Veil shares with the outside, generated from hypervisor/include/veil/abi.h by tools/generate-abi.ts: do not edit.
import { structure } from "./codec.ts";

/** granule of ownership and of stage 2 */
export const VEIL_PAGE_SIZE = 65536;

export const VEIL_ABI_VERSION = 5;

/** "VEILIMG1" */
export const VEIL_IMAGE_MAGIC = 0x31474d494c494556n;

/** "VEILMAN1" */
export const VEIL_MANIFEST_MAGIC = 0x314e414d4c494556n;

/** arm64 Linux boot header (Documentation/arch/arm64/booting.rst), then Veil's own words. */
export interface VeilImageHeader {
	code0: number;
	code1: number;
	textOffset: bigint;
	/** bytes of RAM from the load address that the image occupies; patched by the composer */
	imageSize: bigint;
	flags: bigint;
	res2: bigint;
	res3: bigint;
	res4: bigint;
	/** 0x644d5241, "ARM\x64" */
	magic: number;
	res5: number;
	/** VEIL_IMAGE_MAGIC */
	veilMagic: bigint;
	abiVersion: number;
	reserved: number;
	/** bytes of text, rodata and data in the file */
	veilFileSize: bigint;
	/** bytes including .bss, a multiple of VEIL_PAGE_SIZE */
	veilSize: bigint;
	/** from the start of the image; patched by the composer */
	manifestOffset: bigint;
	/** patched by the composer */
	manifestSize: bigint;
}

/** Layout of struct veil_image_header: 112 bytes. */
export const veilImageHeader = structure<VeilImageHeader>("veil_image_header", 112, [
	["code0", "u32", 0],
	["code1", "u32", 4],
	["textOffset", "u64", 8],
	["imageSize", "u64", 16],
	["flags", "u64", 24],
	["res2", "u64", 32],
	["res3", "u64", 40],
	["res4", "u64", 48],
	["magic", "u32", 56],
	["res5", "u32", 60],
	["veilMagic", "u64", 64],
	["abiVersion", "u32", 72],
	["reserved", "u32", 76],
	["veilFileSize", "u64", 80],
	["veilSize", "u64", 88],
	["manifestOffset", "u64", 96],
	["manifestSize", "u64", 104],
]);

/** NUL-padded ASCII, at least one NUL */
export const VEIL_NAME_BYTES = 32;

export const VEIL_SHA256_BYTES = 32;

export const VEIL_MAX_PERSONAS = 8;

/** physical CPUs, and virtual CPUs of one persona */
export const VEIL_MAX_CPUS = 8;

export const VEIL_MAX_REGIONS = 64;

export const VEIL_MAX_PAYLOADS = 32;

export const VEIL_MAX_SEGMENTS = 64;

export const VEIL_MAX_STORAGE_RANGES = 16;

export const VEIL_MAX_PERSONA_VOLUMES = 8;

export const VEIL_MAX_HOTKEY = 4;

/** width and height of a surface */
export const VEIL_MAX_PIXELS = 8192;

export interface VeilTable {
	/** from the start of the manifest */
	offset: number;
	count: number;
}

/** Layout of struct veil_table: 8 bytes. */
export const veilTable = structure<VeilTable>("veil_table", 8, [
	["offset", "u32", 0],
	["count", "u32", 4],
]);

export const VEIL_SIGNATURE_BYTES = 64;

export const VEIL_PUBLIC_KEY_BYTES = 32;

/** with the x coordinate */
export const VEIL_KEY_BYTES = 64;

export const VEIL_MAX_KEYS = 4;

/** ASCII, padded with NULs; here as two numbers, the first of 8 bytes */
export const VEIL_CONTEXT_BYTES = 15;

/** "veil-man" */
export const VEIL_CONTEXT_MANIFEST0 = 0x6e616d2d6c696576n;

/** "ifest-1" */
export const VEIL_CONTEXT_MANIFEST1 = 0x00312d7473656669n;

/** "veil-pol" */
export const VEIL_CONTEXT_POLICY0 = 0x6c6f702d6c696576n;

/** "icy-1" */
export const VEIL_CONTEXT_POLICY1 = 0x000000312d796369;

export interface VeilSigned {
	context: Uint8Array;
	sha256: Uint8Array;
}

/** Layout of struct veil_signed: 47 bytes. */
export const veilSigned = structure<VeilSigned>("veil_signed", 47, [
	["context", { bytes: 15 }, 0],
	["sha256", { bytes: 32 }, 15],
]);

/** unsigned: what a Veil built without keys takes, and nothing else */
export const VEIL_SIGNATURE_DEVELOPMENT = 0;
/** what a Veil built with keys takes, and nothing else */
export const VEIL_SIGNATURE_ED25519 = 1;

/** enum veil_signature_kind: names by value. */
export const veilSignatureKindNames: ReadonlyMap<number, string> = new Map([
	[0, "development"],
	[1, "ed25519"],
]);

export interface VeilManifest {
	/** VEIL_MANIFEST_MAGIC */
	magic: bigint;
	/** VEIL_ABI_VERSION */
	abiVersion: number;
	/** flags; an unknown one means refuse. None is defined. */
	mustUnderstand: number;
	/** of the whole manifest with its tables */
	size: bigint;
	/** must equal the board Veil was built for */
	board: Uint8Array;
	/** version of the virtual machine type guests see */
	machineVersion: number;
	/** enum veil_signature_kind */
	signatureKind: number;
	keyId: Uint8Array;
	/** 1 or more where it is signed; see "Versions" */
	versionCounter: bigint;
	/** of the image file without this manifest's bytes; checked by the deployer */
	imageSha256: Uint8Array;
	signature: Uint8Array;
	/** host-physical */
	ramBase: bigint;
	ramSize: bigint;
	/** memory Veil takes its tables from; inside a region it owns */
	workBase: bigint;
	workSize: bigint;
	/** physical CPUs to start */
	cpuCount: number;
	/** persona index */
	initialForeground: number;
	/** enum veil_manifest_flag */
	flags: number;
	/** keys of the sequence that brings the next persona to the front; 0: there is none */
	hotkeyCount: number;
	/** Linux key codes (input-event-codes.h); the rest is zero. No guest ever sees these keys */
	hotkey: number[];
	/** host-physical, pages of Veil's own as large as a surface, where it draws two side by side; 0: it does not */
	viewBase: bigint;
	regions: VeilTable;
	payloads: VeilTable;
	segments: VeilTable;
	personas: VeilTable;
	/** none, or one for each persona, in their order */
	surfaces: VeilTable;
	storageRanges: VeilTable;
	/** reserved: count is zero in this version */
	passthrough: VeilTable;
	/** of struct veil_policy, from the start of the manifest: the last thing in it */
	policyOffset: number;
	/** VEIL_POLICY_BYTES; what the section leaves of it is zero */
	policyCapacity: number;
}

/** Layout of struct veil_manifest: 328 bytes. */
export const veilManifest = structure<VeilManifest>("veil_manifest", 328, [
	["magic", "u64", 0],
	["abiVersion", "u32", 8],
	["mustUnderstand", "u32", 12],
	["size", "u64", 16],
	["board", { bytes: 32 }, 24],
	["machineVersion", "u32", 56],
	["signatureKind", "u32", 60],
	["keyId", { bytes: 32 }, 64],
	["versionCounter", "u64", 96],
	["imageSha256", { bytes: 32 }, 104],
	["signature", { bytes: 64 }, 136],
	["ramBase", "u64", 200],
	["ramSize", "u64", 208],
	["workBase", "u64", 216],
	["workSize", "u64", 224],
	["cpuCount", "u32", 232],
	["initialForeground", "u32", 236],
	["flags", "u32", 240],
	["hotkeyCount", "u32", 244],
	["hotkey", { words: 4 }, 248],
	["viewBase", "u64", 256],
	["regions", { structure: veilTable }, 264],
	["payloads", { structure: veilTable }, 272],
	["segments", { structure: veilTable }, 280],
	["personas", { structure: veilTable }, 288],
	["surfaces", { structure: veilTable }, 296],
	["storageRanges", { structure: veilTable }, 304],
	["passthrough", { structure: veilTable }, 312],
	["policyOffset", "u32", 320],
	["policyCapacity", "u32", 324],
]);

/** for measurements only: `explain` and the log say so */
export const VEIL_SKIP_PAYLOAD_DIGESTS = 1;

/** enum veil_manifest_flag: names by value. */
export const veilManifestFlagNames: ReadonlyMap<number, string> = new Map([[1, "digests"]]);

export const VEIL_OWNER_VEIL = 0xffff;
export const VEIL_OWNER_PAYLOADS = 0xfffe;
/** 0..VEIL_MAX_PERSONAS-1: the persona of that index */
export const VEIL_OWNER_FREE = 0xfffd;

/** enum veil_owner: names by value. */
export const veilOwnerNames: ReadonlyMap<number, string> = new Map([
	[0xffff, "veil"],
	[0xfffe, "payloads"],
	[0xfffd, "free"],
]);

/** Who owns a host-physical range. Regions cover all of RAM without gap or overlap. */
export interface VeilRegion {
	base: bigint;
	size: bigint;
	/** enum veil_owner or a persona's index */
	owner: number;
	reserved: number;
}

/** Layout of struct veil_region: 24 bytes. */
export const veilRegion = structure<VeilRegion>("veil_region", 24, [
	["base", "u64", 0],
	["size", "u64", 8],
	["owner", "u32", 16],
	["reserved", "u32", 20],
]);

export interface VeilPayload {
	/** from the start of the image */
	offset: bigint;
	/** bytes; the rest of the last page is zero */
	size: bigint;
	sha256: Uint8Array;
}

/** Layout of struct veil_payload: 48 bytes. */
export const veilPayload = structure<VeilPayload>("veil_payload", 48, [
	["offset", "u64", 0],
	["size", "u64", 8],
	["sha256", { bytes: 32 }, 16],
]);

/** A payload, or a part of it, as a persona finds it in its RAM at start. Segments of a persona do not overlap. */
export interface VeilSegment {
	persona: number;
	payload: number;
	/** guest-physical; a multiple of 4096 */
	guestAddress: bigint;
	/** a multiple of 4096 */
	payloadOffset: bigint;
	size: bigint;
}

/** Layout of struct veil_segment: 32 bytes. */
export const veilSegment = structure<VeilSegment>("veil_segment", 32, [
	["persona", "u32", 0],
	["payload", "u32", 4],
	["guestAddress", "u64", 8],
	["payloadOffset", "u64", 16],
	["size", "u64", 24],
]);

export const VEIL_START_AT_BOOT = 1;
export const VEIL_RESTART_ON_CRASH = 2;
export const VEIL_FREEZE_IN_BACKGROUND = 4;
/** its keyboard gets KEY_SCREENLOCK (152) when the user leaves it; needs VEIL_DEVICE_INPUT */
export const VEIL_LOCK_ON_LEAVE = 8;

/** enum veil_persona_flag: names by value. */
export const veilPersonaFlagNames: ReadonlyMap<number, string> = new Map([
	[1, "startAtBoot"],
	[2, "restartOnCrash"],
	[4, "freezeInBackground"],
	[8, "lockOnLeave"],
]);

/** at 0x09000000, interrupt SPI 1 */
export const VEIL_DEVICE_PL011 = 1;
/** at 0x09010000, interrupt SPI 2 */
export const VEIL_DEVICE_PL031 = 2;
/** one byte at 0x09f00000 ("qemu,pvpanic-mmio"): a guest that panics says so */
export const VEIL_DEVICE_PVPANIC = 4;
/** virtio-input over virtio-mmio: keyboard at 0x0a000000, SPI 16; tablet at 0x0a000200, SPI 17 */
export const VEIL_DEVICE_INPUT = 8;
/** virtio-net over virtio-mmio at 0x0a000400, SPI 18 */
export const VEIL_DEVICE_NETWORK = 16;
/** virtio-console over virtio-mmio at 0x0a000600, SPI 19: see "Agent ports" */
export const VEIL_DEVICE_AGENT = 32;
/** SBSA generic watchdog: refresh frame at 0x09020000, control frame at 0x09030000, SPI 4 */
export const VEIL_DEVICE_WATCHDOG = 64;
/** read-only at VEIL_FLASH_CODE, for firmware; a variable flash with CFI commands at VEIL_FLASH_VARIABLES */
export const VEIL_DEVICE_FLASH = 128;

/** Places on the guest machine `virt`; those on `integrator_cp` are in platforms/integrator_cp/guest_machine.h. Names by value. */
export const veilDeviceNames: ReadonlyMap<number, string> = new Map([
	[1, "pl011"],
	[2, "pl031"],
	[4, "pvpanic"],
	[8, "input"],
	[16, "network"],
	[32, "agent"],
	[64, "watchdog"],
	[128, "flash"],
]);

export const VEIL_FLASH_CODE = 0;

export const VEIL_FLASH_VARIABLES = 0x04000000;

export const VEIL_MAX_FLASH_PAGES = 1024;

export const VEIL_PATCH_SVC = 0xf00000;

export const VEIL_MAX_PATCHES = 1024;

export interface VeilPersona {
	name: Uint8Array;
	uuid: Uint8Array;
	label: Uint8Array;
	/** 0x00RRGGBB */
	colour: number;
	/** enum veil_persona_flag */
	flags: number;
	/** enum veil_device */
	devices: number;
	/** virtual CPUs */
	cpuCount: number;
	/** weight, 1..1000 */
	cpuShare: number;
	/** of one physical CPU, 1..100 * cpu_count */
	cpuCapPercent: number;
	/** bit n: physical CPU n may run it */
	cpuAffinity: number;
	/** restarts allowed within restart_window_seconds; after that it stays crashed */
	restartLimit: number;
	restartWindowSeconds: number;
	/** with VEIL_DEVICE_FLASH 1..VEIL_MAX_FLASH_PAGES, else 0; in host memory behind its RAM */
	flashCodePages: number;
	/** the same, behind these */
	flashVariablePages: number;
	/** guest-physical, a multiple of VEIL_PAGE_SIZE */
	ramGuestBase: bigint;
	ramSize: bigint;
	/** host-physical */
	ramHostBase: bigint;
	/** guest-physical address of the first instruction: in RAM, or in the read-only flash */
	entry: bigint;
	/** guest-physical address of the device tree, or what its boot protocol wants there; of an ARMv6 guest in r2 */
	x0: bigint;
	/** guest-physical address of 32 bytes to fill with entropy at each start; 0 = none */
	rngSeedAddress: bigint;
	/** the same for 8 bytes */
	kaslrSeedAddress: bigint;
	/** its table of patches: patch_count words of 32 bits; 0 where it has none */
	patchPayload: number;
	/** 0..VEIL_MAX_PATCHES */
	patchCount: number;
}

/** Layout of struct veil_persona: 184 bytes. */
export const veilPersona = structure<VeilPersona>("veil_persona", 184, [
	["name", { bytes: 32 }, 0],
	["uuid", { bytes: 16 }, 32],
	["label", { bytes: 32 }, 48],
	["colour", "u32", 80],
	["flags", "u32", 84],
	["devices", "u32", 88],
	["cpuCount", "u32", 92],
	["cpuShare", "u32", 96],
	["cpuCapPercent", "u32", 100],
	["cpuAffinity", "u32", 104],
	["restartLimit", "u32", 108],
	["restartWindowSeconds", "u32", 112],
	["flashCodePages", "u16", 116],
	["flashVariablePages", "u16", 118],
	["ramGuestBase", "u64", 120],
	["ramSize", "u64", 128],
	["ramHostBase", "u64", 136],
	["entry", "u64", 144],
	["x0", "u64", 152],
	["rngSeedAddress", "u64", 160],
	["kaslrSeedAddress", "u64", 168],
	["patchPayload", "u32", 176],
	["patchCount", "u32", 180],
]);

/** "VEILPOL1" */
export const VEIL_POLICY_MAGIC = 0x314c4f504c494556n;

export const VEIL_POLICY_FORMAT = 1;

/** capacity: no policy is larger */
export const VEIL_POLICY_BYTES = 8192;

export const VEIL_MAX_NETWORKS = 8;

/** of all networks together */
export const VEIL_MAX_EGRESS_RULES = 128;

export const VEIL_MAX_CHANNELS = 72;

export interface VeilPolicy {
	/** VEIL_POLICY_MAGIC */
	magic: bigint;
	/** VEIL_POLICY_FORMAT */
	format: number;
	/** flags; an unknown one means refuse. None is defined. */
	mustUnderstand: number;
	/** bytes with the tables */
	size: number;
	/** enum veil_signature_kind */
	signatureKind: number;
	keyId: Uint8Array;
	/** the manifest's, or more where it takes another's place: never less than the one in force */
	versionCounter: bigint;
	signature: Uint8Array;
	/** offsets from the start of this section */
	networks: VeilTable;
	egressRules: VeilTable;
	/** sorted by from, to, carries; each once */
	channels: VeilTable;
}

/** Layout of struct veil_policy: 152 bytes. */
export const veilPolicy = structure<VeilPolicy>("veil_policy", 152, [
	["magic", "u64", 0],
	["format", "u32", 8],
	["mustUnderstand", "u32", 12],
	["size", "u32", 16],
	["signatureKind", "u32", 20],
	["keyId", { bytes: 32 }, 24],
	["versionCounter", "u64", 56],
	["signature", { bytes: 64 }, 64],
	["networks", { structure: veilTable }, 128],
	["egressRules", { structure: veilTable }, 136],
	["channels", { structure: veilTable }, 144],
]);

/** A network some personas are on. They share its rules and nothing else: it does not connect them. */
export interface VeilNetwork {
	name: Uint8Array;
	/** bit n: persona n; a persona is on one network at most */
	personas: number;
	/** its rules lie together, one network's after the other's */
	firstRule: number;
	ruleCount: number;
}

/** Layout of struct veil_network: 40 bytes. */
export const veilNetwork = structure<VeilNetwork>("veil_network", 40, [
	["name", { bytes: 32 }, 0],
	["personas", "u32", 32],
	["firstRule", "u16", 36],
	["ruleCount", "u16", 38],
]);

export const VEIL_PROTOCOL_ANY = 0;
/** echo; with family 6: of ICMPv6 */
export const VEIL_PROTOCOL_ICMP = 1;
export const VEIL_PROTOCOL_TCP = 6;
export const VEIL_PROTOCOL_UDP = 17;

/** enum veil_protocol: names by value. */
export const veilProtocolNames: ReadonlyMap<number, string> = new Map([
	[0, "any"],
	[1, "icmp"],
	[6, "tcp"],
	[17, "udp"],
]);

/** Something that may leave a network, with the answers to it. */
export interface VeilEgressRule {
	/** destination; of IPv4 in the first 4 bytes, zeros after them and after the prefix */
	address: Uint8Array;
	/** 4 or 6 */
	family: number;
	/** bits of the address that count */
	prefix: number;
	/** enum veil_protocol */
	protocol: number;
	reserved: number;
	/** destination ports; 0 and 65535 for all, and where the protocol is neither TCP nor UDP */
	firstPort: number;
	lastPort: number;
	/** entry of the network's declaration it comes from */
	declared: number;
	reserved2: number;
}

/** Layout of struct veil_egress_rule: 32 bytes. */
export const veilEgressRule = structure<VeilEgressRule>("veil_egress_rule", 32, [
	["address", { bytes: 16 }, 0],
	["family", "u8", 16],
	["prefix", "u8", 17],
	["protocol", "u8", 18],
	["reserved", "u8", 19],
	["firstPort", "u16", 20],
	["lastPort", "u16", 22],
	["declared", "u32", 24],
	["reserved2", "u32", 28],
]);

/** from VEIL_NO_PERSONA: the owner may use the persona's owner port */
export const VEIL_CARRIES_OWNER = 0;
export const VEIL_CARRIES_CLIPBOARD = 1;
export const VEIL_CARRIES_FILES = 2;

/** enum veil_carries: names by value. */
export const veilCarriesNames: ReadonlyMap<number, string> = new Map([
	[0, "owner"],
	[1, "clipboard"],
	[2, "files"],
]);

/** A path from one persona to another, in that direction alone. */
export interface VeilChannel {
	from: number;
	to: number;
	/** enum veil_carries */
	carries: number;
	reserved: number;
	/** of one transfer; 0 for the owner, as is the next */
	maxBytes: number;
	/** transfers */
	perMinute: number;
	reserved2: number;
}

/** Layout of struct veil_channel: 16 bytes. */
export const veilChannel = structure<VeilChannel>("veil_channel", 16, [
	["from", "u8", 0],
	["to", "u8", 1],
	["carries", "u8", 2],
	["reserved", "u8", 3],
	["maxBytes", "u32", 4],
	["perMinute", "u32", 8],
	["reserved2", "u32", 12],
]);

export const VEIL_FORMAT_XRGB8888 = 0x34325258;

export const VEIL_FORMAT_RGB565 = 0x36314752;

/** A persona's picture: the indicator strip in rows 0 to strip_rows-1, on pages only Veil writes, and below it the body, physically contiguous with it, on pages of the persona. A persona without a display has a body too, Veil's and black, so that there is something to show in its place. */
export interface VeilSurface {
	/** pixels */
	width: number;
	/** rows, the strip's included */
	height: number;
	/** bytes a row */
	stride: number;
	/** VEIL_FORMAT_... */
	format: number;
	stripRows: number;
	/** the strip's pixels: strip_rows * stride bytes */
	stripPayload: number;
	/** host-physical address of row 0; the body's first row begins a page */
	hostBase: bigint;
	/** a multiple of VEIL_PAGE_SIZE */
	bodySize: bigint;
	/** guest-physical: the end of the persona's RAM; 0: the persona has no display */
	bodyGuestBase: bigint;
}

/** Layout of struct veil_surface: 48 bytes. */
export const veilSurface = structure<VeilSurface>("veil_surface", 48, [
	["width", "u32", 0],
	["height", "u32", 4],
	["stride", "u32", 8],
	["format", "u32", 12],
	["stripRows", "u32", 16],
	["stripPayload", "u32", 20],
	["hostBase", "u64", 24],
	["bodySize", "u64", 32],
	["bodyGuestBase", "u64", 40],
]);

export const VEIL_SECTOR_BYTES = 512;

/** below it lies the disk's partition table, which no guest may write */
export const VEIL_STORAGE_FIRST_SECTOR = 2048;

export const VEIL_VERSION_FIRST_SECTOR = 64;

export const VEIL_VERSION_RECORDS = 2;

/** from one record to the next: disks write 4 KiB at a time */
export const VEIL_VERSION_RECORD_SECTORS = 8;

/** "VEILVRS1" */
export const VEIL_VERSION_MAGIC = 0x315352564c494556n;

export interface VeilVersionRecord {
	/** VEIL_VERSION_MAGIC */
	magic: bigint;
	version: bigint;
	/** ~version */
	inverse: bigint;
}

/** Layout of struct veil_version_record: 24 bytes. */
export const veilVersionRecord = structure<VeilVersionRecord>("veil_version_record", 24, [
	["magic", "u64", 0],
	["version", "u64", 8],
	["inverse", "u64", 16],
]);

/** A volume: part of the handset's disk, which its persona sees as a disk of its own (virtio-blk over virtio-mmio: the persona's volume n at 0x0a001000 + n * 0x200, SPI 24 + n). Sorted by persona, then as declared; no two overlap. */
export interface VeilStorageRange {
	persona: number;
	reserved: number;
	/** of the handset's disk */
	firstSector: bigint;
	sectorCount: bigint;
	/** the first 20 bytes are the serial number the guest sees */
	name: Uint8Array;
}

/** Layout of struct veil_storage_range: 56 bytes. */
export const veilStorageRange = structure<VeilStorageRange>("veil_storage_range", 56, [
	["persona", "u32", 0],
	["reserved", "u32", 4],
	["firstSector", "u64", 8],
	["sectorCount", "u64", 16],
	["name", { bytes: 32 }, 24],
]);

export const VEIL_WORK_BASE = 65536;

export const VEIL_WORK_PERSONA = 32768;

export const VEIL_WORK_VCPU = 8192;

export const VEIL_WORK_STORAGE = 264192;

export const VEIL_WORK_NETWORK = 12288;

export const VEIL_WORK_SWITCH = 204800;

export const VEIL_WORK_SHADOW = 573440;

export const VEIL_MUX_SYNC0 = 0xb5;

export const VEIL_MUX_SYNC1 = 0x62;

export const VEIL_MUX_MAX_PAYLOAD = 256;

/** channel of the control protocol; persona n's console is channel n + 1 */
export const VEIL_MUX_CONTROL = 0;

/** persona n's owner port is channel n + 17; what does not fit waits, nothing of it is dropped */
export const VEIL_MUX_AGENT = 17;

export const VEIL_MUX_LINK = 255;

/** struct veil_link_hello, both ways; Veil answers the bridge's and sends one at boot */
export const VEIL_LINK_HELLO = 1;
/** struct veil_link_credit */
export const VEIL_LINK_CREDIT = 2;

/** enum veil_link_op: names by value. */
export const veilLinkOpNames: ReadonlyMap<number, string> = new Map([
	[1, "hello"],
	[2, "credit"],
]);

export interface VeilLinkHello {
	op: number;
	abiVersion: number;
	/** from Veil; zero from the bridge */
	personas: number;
	/** 1: an answer to a hello, do not answer it */
	reply: number;
	cpus: number;
	/** random, new at every boot of Veil; zero from the bridge */
	bootEpoch: bigint;
}

/** Layout of struct veil_link_hello: 16 bytes. */
export const veilLinkHello = structure<VeilLinkHello>("veil_link_hello", 16, [
	["op", "u8", 0],
	["abiVersion", "u8", 1],
	["personas", "u8", 2],
	["reply", "u8", 3],
	["cpus", "u32", 4],
	["bootEpoch", "u64", 8],
]);

export interface VeilLinkCredit {
	op: number;
	channel: number;
	reserved: number;
	/** running total of payload bytes the sender of this frame is ready to receive on the channel */
	granted: number;
}

/** Layout of struct veil_link_credit: 8 bytes. */
export const veilLinkCredit = structure<VeilLinkCredit>("veil_link_credit", 8, [
	["op", "u8", 0],
	["channel", "u8", 1],
	["reserved", "u16", 2],
	["granted", "u32", 4],
]);

/** -> struct veil_status_system */
export const VEIL_OP_STATUS_SYSTEM = 1;
/** -> struct veil_status_persona */
export const VEIL_OP_STATUS_PERSONA = 2;
export const VEIL_OP_START = 3;
export const VEIL_OP_STOP = 4;
export const VEIL_OP_PAUSE = 5;
export const VEIL_OP_RESUME = 6;
export const VEIL_OP_RESTART = 7;
/** moves the foreground */
export const VEIL_OP_SWITCH = 8;
/** argument: sequence number; -> struct veil_log_header and text of the first record not before it */
export const VEIL_OP_LOG = 9;
/** -> struct veil_statistics of one persona */
export const VEIL_OP_STATISTICS = 10;
/** the handset; persona is VEIL_NO_PERSONA */
export const VEIL_OP_POWER_OFF = 11;
/** image and policy are good: Veil, with keys, refuses older images from now on; AGAIN until that is kept */
export const VEIL_OP_ACCEPT = 12;
/** another policy arrives; argument: its size; data: its SHA-256 */
export const VEIL_OP_POLICY_BEGIN = 16;
/** argument: offset, which is how much has arrived; data: up to VEIL_POLICY_CHUNK bytes of it */
export const VEIL_OP_POLICY_DATA = 17;
/** it is in force; AGAIN while it is checked; BAD_POLICY: it is not good, the old stays */
export const VEIL_OP_POLICY_COMMIT = 18;
/** -> struct veil_policy_status */
export const VEIL_OP_POLICY_STATUS = 19;
/** -> struct veil_network_status of one persona; NO_DATA: it has no network */
export const VEIL_OP_NETWORK = 20;
/** up to VEIL_SECRET_BYTES follow the request: for the persona's agent, as VEIL_FRAME_SECRET; kept nowhere */
export const VEIL_OP_SECRET = 24;
/** argument 1: the persona is shown beside the one in front; 0: the one in front is shown alone */
export const VEIL_OP_VIEW = 32;
/** -> struct veil_event_state */
export const VEIL_EVENT_STATE = 64;
/** the persona's agent has said that it is there: secrets can be handed to it */
export const VEIL_EVENT_AGENT = 66;

/** enum veil_op: names by value. */
export const veilOpNames: ReadonlyMap<number, string> = new Map([
	[1, "opStatusSystem"],
	[2, "opStatusPersona"],
	[3, "opStart"],
	[4, "opStop"],
	[5, "opPause"],
	[6, "opResume"],
	[7, "opRestart"],
	[8, "opSwitch"],
	[9, "opLog"],
	[10, "opStatistics"],
	[11, "opPowerOff"],
	[12, "opAccept"],
	[16, "opPolicyBegin"],
	[17, "opPolicyData"],
	[18, "opPolicyCommit"],
	[19, "opPolicyStatus"],
	[20, "opNetwork"],
	[24, "opSecret"],
	[32, "opView"],
	[64, "eventState"],
	[66, "eventAgent"],
]);

export const VEIL_NO_PERSONA = 255;

/** in the log, where a persona would be: it was said before the handset was started last */
export const VEIL_LAST_RUN = 254;

export const VEIL_RESULT_OK = 0;
export const VEIL_RESULT_UNKNOWN_OP = 1;
export const VEIL_RESULT_BAD_LENGTH = 2;
export const VEIL_RESULT_NO_SUCH_PERSONA = 3;
/** for instance resume of a stopped persona */
export const VEIL_RESULT_WRONG_STATE = 4;
/** log: nothing at or after that number */
export const VEIL_RESULT_NO_DATA = 5;
/** also: not signed by a key of Veil's, or older than the one in force */
export const VEIL_RESULT_BAD_POLICY = 6;
/** it is under way: ask again */
export const VEIL_RESULT_AGAIN = 7;
/** disk or flash has refused it */
export const VEIL_RESULT_NOT_KEPT = 8;

/** enum veil_result: names by value. */
export const veilResultNames: ReadonlyMap<number, string> = new Map([
	[0, "ok"],
	[1, "unknownOp"],
	[2, "badLength"],
	[3, "noSuchPersona"],
	[4, "wrongState"],
	[5, "noData"],
	[6, "badPolicy"],
	[7, "again"],
	[8, "notKept"],
]);

export interface VeilRequest {
	op: number;
	persona: number;
	/** chosen by the sender, not 0 */
	id: number;
	argument: number;
}

/** Layout of struct veil_request: 8 bytes. */
export const veilRequest = structure<VeilRequest>("veil_request", 8, [
	["op", "u8", 0],
	["persona", "u8", 1],
	["id", "u16", 2],
	["argument", "u32", 4],
]);

export interface VeilResponse {
	op: number;
	persona: number;
	id: number;
	/** enum veil_result */
	result: number;
}

/** Layout of struct veil_response: 8 bytes. */
export const veilResponse = structure<VeilResponse>("veil_response", 8, [
	["op", "u8", 0],
	["persona", "u8", 1],
	["id", "u16", 2],
	["result", "u32", 4],
]);

/** as much as Veil hashes at once where that is dear */
export const VEIL_POLICY_CHUNK = 64;

export interface VeilPolicyStatus {
	/** of the policy in force, its header and tables */
	sha256: Uint8Array;
	/** of the same */
	size: number;
	/** times since boot */
	replaced: number;
	/** bytes of the next one */
	arrived: number;
	reserved: number;
}

/** Layout of struct veil_policy_status: 48 bytes. */
export const veilPolicyStatus = structure<VeilPolicyStatus>("veil_policy_status", 48, [
	["sha256", { bytes: 32 }, 0],
	["size", "u32", 32],
	["replaced", "u32", 36],
	["arrived", "u32", 40],
	["reserved", "u32", 44],
]);

export const VEIL_REFUSED_NOT = 0;
/** from the guest: its sender is not the one it is, or a claim about somebody else */
export const VEIL_REFUSED_SOURCE = 1;
/** from the guest, to another persona */
export const VEIL_REFUSED_NEIGHBOUR = 2;
/** from the guest: nothing in the policy allows it */
export const VEIL_REFUSED_RULE = 3;
/** a kind of frame that is not passed on: broken, a fragment, with options, of an unknown protocol */
export const VEIL_REFUSED_KIND = 4;
/** to the guest: answers nothing it sent */
export const VEIL_REFUSED_UNASKED = 5;
/** there was nowhere to put it */
export const VEIL_REFUSED_ROOM = 6;

/** What became of a frame that was not passed on. Names by value. */
export const veilRefusalNames: ReadonlyMap<number, string> = new Map([
	[0, "not"],
	[1, "source"],
	[2, "neighbour"],
	[3, "rule"],
	[4, "kind"],
	[5, "unasked"],
	[6, "room"],
]);

export interface VeilNetworkStatus {
	mac: Uint8Array;
	hasAddress: number;
	reserved: number;
	/** IPv4, as the network gave it */
	address: Uint8Array;
	reserved2: number;
	/** frames passed on */
	sent: bigint;
	sentBytes: bigint;
	received: bigint;
	receivedBytes: bigint;
	/** by enum veil_refusal */
	refusedSource: bigint;
	refusedNeighbour: bigint;
	refusedRule: bigint;
	refusedKind: bigint;
	refusedUnasked: bigint;
	refusedRoom: bigint;
	/** where the last one went that no rule allows; family 0: there was none */
	lastAddress: Uint8Array;
	lastPort: number;
	lastFamily: number;
	/** of IP */
	lastProtocol: number;
	reserved3: number;
}

/** Layout of struct veil_network_status: 120 bytes. */
export const veilNetworkStatus = structure<VeilNetworkStatus>("veil_network_status", 120, [
	["mac", { bytes: 6 }, 0],
	["hasAddress", "u8", 6],
	["reserved", "u8", 7],
	["address", { bytes: 4 }, 8],
	["reserved2", "u32", 12],
	["sent", "u64", 16],
	["sentBytes", "u64", 24],
	["received", "u64", 32],
	["receivedBytes", "u64", 40],
	["refusedSource", "u64", 48],
	["refusedNeighbour", "u64", 56],
	["refusedRule", "u64", 64],
	["refusedKind", "u64", 72],
	["refusedUnasked", "u64", 80],
	["refusedRoom", "u64", 88],
	["lastAddress", { bytes: 16 }, 96],
	["lastPort", "u16", 112],
	["lastFamily", "u8", 114],
	["lastProtocol", "u8", 115],
	["reserved3", "u32", 116],
]);

export const VEIL_STATE_STOPPED = 0;
/** payloads are being verified */
export const VEIL_STATE_STARTING = 1;
export const VEIL_STATE_RUNNING = 2;
export const VEIL_STATE_PAUSED = 3;
export const VEIL_STATE_CRASHED = 4;
/** the guest switched itself off */
export const VEIL_STATE_OFF = 5;

/** enum veil_state: names by value. */
export const veilStateNames: ReadonlyMap<number, string> = new Map([
	[0, "stopped"],
	[1, "starting"],
	[2, "running"],
	[3, "paused"],
	[4, "crashed"],
	[5, "off"],
]);

export const VEIL_REASON_NONE = 0;
export const VEIL_REASON_COMMAND = 1;
/** PSCI SYSTEM_OFF */
export const VEIL_REASON_GUEST_OFF = 2;
/** PSCI SYSTEM_RESET; a Linux panic with panic=N ends here too */
export const VEIL_REASON_GUEST_RESET = 3;
/** the guest reported its own crash (hypercall VEIL_HVC_CRASHED) */
export const VEIL_REASON_GUEST_CRASHED = 4;
/** a payload's digest is wrong */
export const VEIL_REASON_BAD_PAYLOAD = 5;
/** an exit Veil cannot reflect into the guest */
export const VEIL_REASON_FAULT = 6;
/** crashed more often than declared */
export const VEIL_REASON_RESTART_LIMIT = 7;
/** its watchdog was not refreshed in time */
export const VEIL_REASON_WATCHDOG = 8;
/** frozen, because another persona is in the foreground */
export const VEIL_REASON_BACKGROUND = 9;

/** Why a persona left the state RUNNING or was restarted last. Names by value. */
export const veilReasonNames: ReadonlyMap<number, string> = new Map([
	[0, "none"],
	[1, "command"],
	[2, "guestOff"],
	[3, "guestReset"],
	[4, "guestCrashed"],
	[5, "badPayload"],
	[6, "fault"],
	[7, "restartLimit"],
	[8, "watchdog"],
	[9, "background"],
]);

/** The last fault of a persona that ended it (reason GUEST_CRASHED, FAULT), or zeros. */
export interface VeilFault {
	/** ESR_EL2 */
	syndrome: bigint;
	pc: bigint;
	/** guest-physical, where the syndrome has one; guest-virtual for others */
	address: bigint;
	vcpu: number;
	reserved: number;
}

/** Layout of struct veil_fault: 32 bytes. */
export const veilFault = structure<VeilFault>("veil_fault", 32, [
	["syndrome", "u64", 0],
	["pc", "u64", 8],
	["address", "u64", 16],
	["vcpu", "u32", 24],
	["reserved", "u32", 28],
]);

export interface VeilStatusPersona {
	/** enum veil_state */
	state: number;
	/** enum veil_reason */
	reason: number;
	/** 1 once the guest called VEIL_HVC_READY since its last start */
	ready: number;
	foreground: number;
	/** since boot */
	restarts: number;
	/** since boot; console output after start n belongs to start n */
	starts: number;
	cpuCount: number;
	/** since boot, all virtual CPUs, Veil's work for it included */
	cpuTimeNs: bigint;
	/** bytes */
	memoryTotal: bigint;
	/** bytes the guest has touched since its start */
	memoryTouched: bigint;
	fault: VeilFault;
	name: Uint8Array;
}

/** Layout of struct veil_status_persona: 104 bytes. */
export const veilStatusPersona = structure<VeilStatusPersona>("veil_status_persona", 104, [
	["state", "u8", 0],
	["reason", "u8", 1],
	["ready", "u8", 2],
	["foreground", "u8", 3],
	["restarts", "u32", 4],
	["starts", "u32", 8],
	["cpuCount", "u32", 12],
	["cpuTimeNs", "u64", 16],
	["memoryTotal", "u64", 24],
	["memoryTouched", "u64", 32],
	["fault", { structure: veilFault }, 40],
	["name", { bytes: 32 }, 72],
]);

export interface VeilStatusSystem {
	bootEpoch: bigint;
	uptimeNs: bigint;
	/** all physical CPUs */
	idleNs: bigint;
	cpus: number;
	personas: number;
	foreground: number;
	/** frames dropped on input */
	muxGarbage: number;
	/** console bytes dropped for want of credit or room */
	muxDropped: bigint;
	/** bytes Veil itself occupies: code, data, work memory in use */
	memoryVeil: bigint;
	/** bytes kept for restarts */
	memoryPayloads: bigint;
	/** sequence number the next log record will have */
	logNext: number;
	/** persona shown beside the one in front; VEIL_NO_PERSONA: none */
	beside: number;
}

/** Layout of struct veil_status_system: 72 bytes. */
export const veilStatusSystem = structure<VeilStatusSystem>("veil_status_system", 72, [
	["bootEpoch", "u64", 0],
	["uptimeNs", "u64", 8],
	["idleNs", "u64", 16],
	["cpus", "u32", 24],
	["personas", "u32", 28],
	["foreground", "u32", 32],
	["muxGarbage", "u32", 36],
	["muxDropped", "u64", 40],
	["memoryVeil", "u64", 48],
	["memoryPayloads", "u64", 56],
	["logNext", "u32", 64],
	["beside", "u32", 68],
]);

/** Exits by cause since boot; what is refused is counted apart. */
export interface VeilStatistics {
	exits: bigint;
	hypercalls: bigint;
	smc: bigint;
	wfi: bigint;
	mmio: bigint;
	systemRegisters: bigint;
	interrupts: bigint;
	/** pages of VEIL_PAGE_SIZE built on first touch */
	populated: bigint;
	/** accesses outside RAM and devices, reflected as external aborts */
	refusedMemory: bigint;
	/** system registers answered by an undefined-instruction exception */
	refusedRegisters: bigint;
	/** unknown hypercalls */
	refusedCalls: bigint;
	/** times another virtual CPU ran in between */
	switches: bigint;
	/** requests beyond the end of a volume, or malformed ones */
	refusedStorage: bigint;
	/** sent over channels, complete */
	transfers: bigint;
	transferBytes: bigint;
	refusedTransfers: bigint;
}

/** Layout of struct veil_statistics: 128 bytes. */
export const veilStatistics = structure<VeilStatistics>("veil_statistics", 128, [
	["exits", "u64", 0],
	["hypercalls", "u64", 8],
	["smc", "u64", 16],
	["wfi", "u64", 24],
	["mmio", "u64", 32],
	["systemRegisters", "u64", 40],
	["interrupts", "u64", 48],
	["populated", "u64", 56],
	["refusedMemory", "u64", 64],
	["refusedRegisters", "u64", 72],
	["refusedCalls", "u64", 80],
	["switches", "u64", 88],
	["refusedStorage", "u64", 96],
	["transfers", "u64", 104],
	["transferBytes", "u64", 112],
	["refusedTransfers", "u64", 120],
]);

export interface VeilEventState {
	state: number;
	reason: number;
	reserved: number;
	starts: number;
}

/** Layout of struct veil_event_state: 8 bytes. */
export const veilEventState = structure<VeilEventState>("veil_event_state", 8, [
	["state", "u8", 0],
	["reason", "u8", 1],
	["reserved", "u16", 2],
	["starts", "u32", 4],
]);

export interface VeilLogHeader {
	/** of this record; text follows up to the end of the frame */
	sequence: number;
	/** VEIL_NO_PERSONA for Veil's own; VEIL_LAST_RUN */
	persona: number;
	/** since boot */
	timeNs: bigint;
}

/** Layout of struct veil_log_header: 16 bytes. */
export const veilLogHeader = structure<VeilLogHeader>("veil_log_header", 16, [
	["sequence", "u32", 0],
	["persona", "u32", 4],
	["timeNs", "u64", 8],
]);

/** bytes of a frame, header included */
export const VEIL_FRAME_MAX = 1024;

export const VEIL_SECRET_BYTES = 240;

/** from the agent: it is there */
export const VEIL_FRAME_HELLO = 1;
/** to the agent: a name (ASCII), NUL, and the secret's bytes */
export const VEIL_FRAME_SECRET = 2;
/** to the agent, after its hello and when the policy changes: struct veil_channel_info of each channel */
export const VEIL_FRAME_CHANNELS = 3;
/** a transfer begins; argument: its bytes; payload: the name of a file. Ends one under way on the channel */
export const VEIL_FRAME_BEGIN = 4;
/** bytes of it: when there are as many as were announced it is complete */
export const VEIL_FRAME_DATA = 5;
/** it ends here */
export const VEIL_FRAME_ABORT = 6;
/** to the agent that sends: how it ended; argument: enum veil_transfer */
export const VEIL_FRAME_RESULT = 7;

/** enum veil_frame_op: names by value. */
export const veilFrameOpNames: ReadonlyMap<number, string> = new Map([
	[1, "hello"],
	[2, "secret"],
	[3, "channels"],
	[4, "begin"],
	[5, "data"],
	[6, "abort"],
	[7, "result"],
]);

export const VEIL_TRANSFER_DONE = 0;
/** there is no such channel */
export const VEIL_TRANSFER_REFUSED = 1;
/** or it has no bytes */
export const VEIL_TRANSFER_TOO_LARGE = 2;
/** in this minute */
export const VEIL_TRANSFER_TOO_MANY = 3;
/** the other persona does not run, or its agent does not listen */
export const VEIL_TRANSFER_AWAY = 4;
/** the other agent took nothing for VEIL_STALL_SECONDS */
export const VEIL_TRANSFER_STALLED = 5;

/** enum veil_transfer: names by value. */
export const veilTransferNames: ReadonlyMap<number, string> = new Map([
	[0, "done"],
	[1, "refused"],
	[2, "tooLarge"],
	[3, "tooMany"],
	[4, "away"],
	[5, "stalled"],
]);

export const VEIL_STALL_SECONDS = 5;

/** A channel as an agent sees it; its number is the other persona's index + 16 * what it carries. */
export interface VeilChannelInfo {
	channel: number;
	isOutgoing: number;
	reserved: number;
	maxBytes: number;
	perMinute: number;
	/** of the other persona */
	name: Uint8Array;
}

/** Layout of struct veil_channel_info: 44 bytes. */
export const veilChannelInfo = structure<VeilChannelInfo>("veil_channel_info", 44, [
	["channel", "u8", 0],
	["isOutgoing", "u8", 1],
	["reserved", "u16", 2],
	["maxBytes", "u32", 4],
	["perMinute", "u32", 8],
	["name", { bytes: 32 }, 12],
]);

export interface VeilFrame {
	/** enum veil_frame_op */
	op: number;
	channel: number;
	/** of the payload, which follows */
	length: number;
	argument: number;
}

/** Layout of struct veil_frame: 8 bytes. */
export const veilFrame = structure<VeilFrame>("veil_frame", 8, [
	["op", "u8", 0],
	["channel", "u8", 1],
	["length", "u16", 2],
	["argument", "u32", 4],
]);

export const VEIL_HVC_CALL_UID = 0x8600ff01;

/** this persona is up: shows as `ready` in the status */
export const VEIL_HVC_READY = 0xc6000001;

/** x1: a code for the log; the persona is ended as crashed */
export const VEIL_HVC_CRASHED = 0xc6000002;

/** give the rest of this turn to whoever wants the CPU */
export const VEIL_HVC_YIELD = 0xc6000003;

export const VEIL_UDF = 0xe7f564f5;
