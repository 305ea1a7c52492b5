#include "source/gtid_history.h"

#include "base/mem.h"

#include <stdlib.h>

void gtid_history_init(struct gtid_history *history)
{
	*history = (struct gtid_history){NULL};
	gtid_set_init(&history->applied, GTID_MARIADB);
}

void gtid_history_fini(struct gtid_history *history)
{
	free(history->written);
	gtid_set_fini(&history->applied);
}

int gtid_history_parse(struct gtid_history *history, struct slice state, struct err *err)
{
	struct gtid_set one;
	size_t cap = 1, len;
	int rc = 0;

	for (size_t i = 0; i < state.len; i++)
		cap += state.ptr[i] == ',';
	history->written = mem_array(cap, sizeof(*history->written));
	gtid_set_init(&one, GTID_MARIADB);
	for (; rc == 0 && state.len > 0; state = slice_of(state.ptr + len, state.len - len)) {
		const char *comma = memchr(state.ptr, ',', state.len);
		len = comma ? (size_t)(comma - state.ptr) : state.len;
		rc = gtid_set_parse(&one, slice_of(state.ptr, len), err);
		if (rc == 0 && one.ndomains == 1)
			history->written[history->n++] = one.domains[0];
		len += comma != NULL;
	}
	gtid_set_fini(&one);
	return rc;
}

bool gtid_history_contains(const struct gtid_history *history, const struct gtid_domain *last)
{
	for (size_t i = 0; i < history->n; i++) {
		const struct gtid_domain *written = &history->written[i];
		if (written->domain == last->domain && written->server_id == last->server_id)
			return written->seq >= last->seq;
	}
	for (size_t i = 0; i < history->applied.ndomains; i++) {
		const struct gtid_domain *applied = &history->applied.domains[i];
		if (applied->domain == last->domain)
			return applied->server_id == last->server_id && applied->seq == last->seq;
	}
	return false;
}
