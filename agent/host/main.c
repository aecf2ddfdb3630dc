/* SPDX-License-Identifier: Apache-2.0 */
/* The agent on the build machine, for its tests. */
#include "sys.h"

int main(int count, char **arguments)
{
	return agent_main(count, arguments);
}
