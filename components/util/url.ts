// SPDX-License-Identifier: Apache-2.0
// Addresses as they may be shown: in messages, logs and accounts, which others read.

/** An address without the name and password that it may have. */
export function withoutCredentials(address: string): string {
	if (!URL.canParse(address)) return address;
	const url = new URL(address);
	if (url.username === "" && url.password === "") return address;
	url.username = "";
	url.password = "";
	return url.href;
}
