/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of the board Veil is built for, generated from boards/<name>/board.yaml; the Makefile names the header. */
#ifndef VEIL_BOARD_H
#define VEIL_BOARD_H

#include BOARD_HEADER

#endif
