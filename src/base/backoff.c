#include "base/backoff.h"

enum { FIRST_MS = 500, MOST_MS = 30000, SETTLED_MS = 60000 };

int64_t backoff_next(struct backoff *backoff, int64_t worked_ms)
{
	if (backoff->wait_ms == 0 || worked_ms > SETTLED_MS)
		backoff->wait_ms = FIRST_MS;
	else
		backoff->wait_ms = 2 * backoff->wait_ms > MOST_MS ? MOST_MS : 2 * backoff->wait_ms;
	return backoff->wait_ms;
}
