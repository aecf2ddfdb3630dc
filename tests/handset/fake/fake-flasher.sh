#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for 0xFFFF 0.9 with a tablet on the cable: what it was asked goes to a log, what is written to the tablet's state (`product revision
# version`). Images are the real program's business, which is asked for it.
read -r product revision version <"$FAKE_TABLET/tablet"
printf '%s\n' "$*" >>"$FAKE_TABLET/asked.log"
case " $* " in
*" -i "*) exec /usr/bin/0xFFFF "$@" ;;
*" -I "*)
	printf 'Device: %s\nHW revision: %s\nNOLO version: 1.1.7\nKernel version: (not detected)\n' "$product" "$revision"
	printf 'Software release version: %s\nRoot device: flash\n' "$version"
	;;
*" -s "*) echo simulated ;;
*" -f "*)
	piece=$4
	if [ -e "$FAKE_TABLET/break-$piece" ]; then
		rm "$FAKE_TABLET/break-$piece"
		echo 'Sending image failed' >&2
		exit 1
	fi
	[ -e "$FAKE_TABLET/forgets" ] ||
		version=$(/usr/bin/0xFFFF -M "$2" -i | sed -n 's/.*Software release version: //p')
	echo "$product $revision $version" >"$FAKE_TABLET/tablet"
	;;
esac
