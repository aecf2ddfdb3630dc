// SPDX-License-Identifier: Apache-2.0

/** Options of a test of something that is over at once: a busy host can hold up any one try, but hardly three. */
export const AT_ONCE = { retry: 2 } as const;
