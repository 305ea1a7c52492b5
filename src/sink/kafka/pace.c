#include "sink/kafka/pace.h"

#include <assert.h>

enum {
	LATE = 40, /* spans: an older message is late. Much less than PACE_SPANS, which distinguishes
	              the spans, since no message is sent while one is late */
	SOON = 24, /* spans: an acknowledgement within them is early. With thousands of partitions
	              librdkafka needs a second to send to all of them */
};

static size_t first_bytes(const struct pace *pace)
{
	return pace->most < PACE_FIRST_BYTES ? pace->most : PACE_FIRST_BYTES;
}

static unsigned place(int64_t span)
{
	return (unsigned)((uint64_t)span % PACE_SPANS);
}

void pace_init(struct pace *pace, int64_t late_ms, size_t most)
{
	*pace = (struct pace){.most = most};
	pace->span_ms = late_ms / LATE > 0 ? late_ms / LATE : 1;
	pace->bytes = first_bytes(pace);
}

void pace_tick(struct pace *pace, int64_t now_ms)
{
	pace->now = now_ms / pace->span_ms;
	if (pace->now - pace->oldest >= PACE_SPANS)
		pace->oldest = pace->now - PACE_SPANS + 1;
	while (pace->oldest < pace->now && pace->on_way[place(pace->oldest)] == 0)
		pace->oldest++;
}

unsigned pace_span(const struct pace *pace)
{
	return place(pace->now);
}

void pace_sent(struct pace *pace)
{
	pace->on_way[place(pace->now)]++;
}

/* The queue grows only while it is at least half full. */
void pace_reported(struct pace *pace, unsigned span, size_t bytes, size_t queued)
{
	unsigned age = (place(pace->now) - span) % PACE_SPANS;
	assert(pace->on_way[span] > 0);
	pace->on_way[span]--;
	if (age > SOON || queued < pace->bytes / 2)
		return;
	pace->bytes = bytes < pace->most - pace->bytes ? pace->bytes + bytes : pace->most;
}

bool pace_is_late(struct pace *pace)
{
	bool late = pace->now - pace->oldest > LATE;
	if (late && !pace->late) {
		pace->bytes /= 2;
		if (pace->bytes < first_bytes(pace))
			pace->bytes = first_bytes(pace);
	}
	pace->late = late;
	return late;
}
