/* primitives: the functions of Kafka and the source for `tideway exec`, which connect and act at
 * once.
 * Thread: the script's. Owner: handles belong to the Lua objects that opened them. */
#ifndef TIDEWAY_PRIMITIVES_H
#define TIDEWAY_PRIMITIVES_H

#include "script/host.h"

/* Fill the members of a host that `exec` offers. */
void primitives_host(struct script_host *host);

#endif
