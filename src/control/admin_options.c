#include "control/admin_options.h"

#include <string.h>

static bool is_given(const struct sync_config *config)
{
	return config->admin_off || config->admin_socket || config->admin_http ||
	       config->admin_token;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct sync_config *a, const struct sync_config *b)
{
	return a->admin_off == b->admin_off && is_same_text(a->admin_socket, b->admin_socket) &&
	       is_same_text(a->admin_http, b->admin_http) &&
	       is_same_text(a->admin_token, b->admin_token);
}

int admin_options_choose(const struct sync_config *const *configs, unsigned n,
			 const struct sync_config **chosen, struct err *err)
{
	const struct sync_config *first = NULL;
	*chosen = configs[0];
	for (unsigned i = 0; i < n; i++) {
		if (!is_given(configs[i]))
			continue;
		if (first && !is_same(first, configs[i]))
			return err_set(
				err, E_OPTION_VALUE,
				"%s:%u: admin holds for the process, and the sync.run in line "
				"%u has another one. Remove one of them",
				configs[i]->script, configs[i]->line, first->line);
		if (first == NULL)
			first = *chosen = configs[i];
	}
	return 0;
}
