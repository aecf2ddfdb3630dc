/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent keeps things: on a file system in memory. */
#ifndef AGENT_FOLDERS_H
#define AGENT_FOLDERS_H

#ifndef AGENT_FOLDER
#define AGENT_FOLDER "/run/persona"
#endif
#define SECRETS_FOLDER AGENT_FOLDER "/secrets"

#endif
