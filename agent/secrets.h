/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets the owner hands over at start, such as keys of volumes: files in memory that only root can read. */
#ifndef AGENT_SECRETS_H
#define AGENT_SECRETS_H

#include "sys.h"

/* A name, NUL, and the secret's bytes. */
void secret_store(const uint8_t *bytes, size_t size);

/* `persona-agent secret NAME [SECONDS]`: writes the secret to standard output, waiting for it if need be. */
int secret_show(const char *name, uint32_t seconds);

/* `persona-agent forget NAME` */
int secret_forget(const char *name);

#endif
