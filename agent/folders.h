/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent keeps things: on a file system in memory. */
#ifndef AGENT_FOLDERS_H
#define AGENT_FOLDERS_H

#ifndef AGENT_FOLDER
#define AGENT_FOLDER "/run/persona"
#endif
#define SECRETS_FOLDER AGENT_FOLDER "/secrets"
#define CLIPBOARD_FOLDER AGENT_FOLDER "/clipboard" /* a file a persona: what it sent last */
#define RECEIVED_FOLDER AGENT_FOLDER "/received" /* a folder a persona: the files it sent */
#define LOCAL_FOLDER AGENT_FOLDER "/local" /* who may enter it may send */
#define LOCAL_SOCKET LOCAL_FOLDER "/socket"

/* Who may use channels beside root: the members of this group, where the guest has it. */
#define CHANNELS_GROUP "persona"
#ifndef GROUPS_FILE
#define GROUPS_FILE "/etc/group"
#endif

#endif
