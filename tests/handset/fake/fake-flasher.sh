#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for 0xFFFF 0.9 with a tablet on the cable, as its sources have it (src/main.c, src/nolo.c, doc/dumping): it ends with status 0 whatever
# the tablet refuses, waits for ever where none is listed under SYSFS_PATH, sets the release of a FIASCO image in a dry run even, and reads
# nothing back. In $FAKE_TABLET: `tablet` (product, revision, release, kernel's version; `-` where it tells none), `asked.log`, and `flash.img`
# where there is one, the tablet's OneNAND as QEMU keeps it. `pull-PIECE` there pulls the cable in the middle of a piece, once; `refuse-PIECE`
# makes the tablet refuse it, once; with `forgets` it keeps no release. Images are the real program's business, which is asked for it.
set -eu
real=/usr/bin/0xFFFF
page=2048 block=131072 kernel_at=524288 kernel_room=2097152 rootfs_at=6815744 # boards/n800/board.yaml
case " $* " in *" -i "* | *" -u "* | *" -g "*) exec "$real" "$@" ;; esac
cd "$FAKE_TABLET"
printf '%s\n' "$*" >>asked.log
image='' type='' set='' flash='' simulate='' reboot=''
while getopts M:t:S:fsIr option; do
	case $option in
	M) image=$OPTARG ;;
	t) type=$OPTARG ;;
	S) set=$OPTARG ;;
	f) flash=1 ;;
	s) simulate=1 ;;
	r) reboot=1 ;;
	I) ;;
	*) exit 1 ;;
	esac
done
id=$(grep -lsx 0105 "$SYSFS_PATH"/bus/usb/devices/*/idProduct | head -n 1 || true)
[ -n "$id" ] || exec sleep 3600
read -r product revision release kernel <tablet

save() { echo "$product $revision $release $kernel" >tablet; }
told() { if [ "$1" = - ]; then echo '(not detected)'; else echo "$1"; fi; }
# Standard input from a byte of the flash on.
put() { if [ -e flash.img ]; then dd of=flash.img bs=$page seek=$(($1 / page)) conv=notrunc iflag=fullblock status=none; else cat >/dev/null; fi; }
erased() { tr '\0' '\377' </dev/zero | head -c "$1"; }
# What the boot loader writes before a kernel of so many bytes.
head_page() {
	{
		printf 'NOLO img'
		for shift in 0 8 16 24; do printf "\\$(printf %03o $(($1 >> shift & 255)))"; done
	} | dd bs=$page conv=sync iflag=fullblock status=none
}

write_piece() {
	piece=$1 file=$2 version=$3 size=$(stat -c %s "$2")
	echo 'Sending image header...'
	[ "$piece" = rootfs ] && echo 'Sending and flashing image...' || echo 'Sending image...'
	if [ -z "$simulate" ] && [ -e "pull-$piece" ]; then
		rm -r "pull-$piece" "${id%/*}"
		if [ "$piece" = rootfs ]; then head -c $((size / 2 / page * page)) "$file" | put $rootfs_at; fi # a kernel is flashed when all of it has come
		echo 'Error: Sending image failed' >&2
		return
	fi
	[ "$piece" = rootfs ] && echo 'Finishing flashing...' || printf 'Done\nFlashing image...\n'
	if [ -z "$simulate" ]; then
		if [ -e "refuse-$piece" ]; then
			rm "refuse-$piece"
			echo 'Error: Flashing failed' >&2
			return
		fi
		if [ "$piece" = kernel ]; then
			erased $kernel_room | put $kernel_at
			{ head_page "$size" && cat "$file"; } | put $kernel_at
			[ "$kernel" = - ] || kernel=$version
		else
			{ cat "$file" && erased $(((block - size % block) % block)); } | put $rootfs_at
		fi
		save
	fi
	echo 'Done'
}

cat <<END
Device: $product
HW revision: $revision
NOLO version: 1.1.7
Kernel version: $(told "$kernel")
Initfs version: (not detected)
Software release version: $(told "$release")
Content eMMC version: (not detected)
Root device: flash
END
if [ -n "$flash" ]; then
	pieces=$(mktemp -d)
	"$real" -M "$image" -u "$pieces" >/dev/null
	for file in "$pieces/$type"*; do
		name=${file##*/}
		write_piece "${name%%-*}" "$file" "${name##*_}"
	done
	rm -r "$pieces"
	[ -n "$set" ] || set=$("$real" -M "$image" -i | sed -n 's/.*Software release version: //p')
fi
if [ -n "$set" ] && [ ! -e forgets ] && [ -e "$id" ]; then
	release=$set
	save
fi
if [ -n "$reboot" ]; then
	echo 'Rebooting device...'
	rm -r "${id%/*}"
fi
