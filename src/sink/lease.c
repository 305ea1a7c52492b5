#include "sink/lease.h"

#include "base/test_hook.h"

static const int64_t times[] = {
#define X(id, ms) ms,
	LEASE_TIMES(X)
#undef X
};

void lease_init(struct lease *lease)
{
	int64_t over = test_hook_number(HOOK_LEASE_MS, times[LEASE_OVER]);
	atomic_store(&lease->since_ms, 0);
	for (int i = 0; i < LEASE_COUNT; i++)
		lease->times[i] = times[i] * over / times[LEASE_OVER];
}

void lease_renew(struct lease *lease, int64_t began_ms)
{
	atomic_store(&lease->since_ms, began_ms);
}

int64_t lease_age_ms(const struct lease *lease, int64_t now_ms)
{
	return now_ms - atomic_load_explicit(&lease->since_ms, memory_order_relaxed);
}
