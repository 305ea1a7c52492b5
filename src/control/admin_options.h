/* admin_options: the option admin of a script. It holds for the process, not for one sync.
 * Thread: any. Owner: the script, of the configurations. */
#ifndef TIDEWAY_ADMIN_OPTIONS_H
#define TIDEWAY_ADMIN_OPTIONS_H

#include "base/err.h"
#include "model/config.h"

/* Set *chosen to the configuration whose admin options hold; to the first one if none has any. Fail if two have different
 * ones. */
int admin_options_choose(const struct sync_config *const *configs, unsigned n,
			 const struct sync_config **chosen, struct err *err) MUST_CHECK;

#endif
