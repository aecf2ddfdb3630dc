/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to its console what has tricked terminals and pages that show them: titles, links, clipboards, questions, markup. */
#include "runtime.h"

void test(void)
{
	print("\x1b]0;stolen title\x07\x1b]2;stolen title\x07");
	print("\x1b]8;;http://evil.example/\x07"
	      "a link"
	      "\x1b]8;;\x07\n");
	print("\x1b]52;c;c3RvbGVu\x07\x1b]52;c;?\x07");
	print("\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[21t\x1bP$qm\x1b\\\x1b]10;?\x07\x05");
	print("\x1b[?1000h\x1b[?1003h\x1b[8;500;500t\x1b[3;0;0t\x1b[2t");
	print("<script>document.title = 'stolen title'</script><img src=x onerror=\"document.title = 'stolen title'\">\n");
	print("end of tricks\n");
	ready();
	interrupts_off();
	for (;;)
		wait_for_interrupt();
}
