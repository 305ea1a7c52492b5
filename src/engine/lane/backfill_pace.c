#include "engine/lane/backfill_pace.h"

#define MS INT64_C(1000000)

static const int64_t LATE_NS = 10 * MS;      /* longer than the fastest acknowledgement */
static const int64_t PERIOD_NS = 10000 * MS; /* a broker may become slower for good */

enum {
	FIRST_ROOM = 256 << 10,
	GROW = 2,   /* the room grows by one of so many parts of what is acknowledged, */
	SHRINK = 4, /* and becomes one of so many parts at once at most */
};

void backfill_pace_init(struct backfill_pace *pace)
{
	*pace = (struct backfill_pace){.room = FIRST_ROOM};
}

size_t backfill_pace_may_send(const struct backfill_pace *pace)
{
	return pace->in_flight < pace->room ? pace->room - pace->in_flight : 0;
}

void backfill_pace_sent(struct backfill_pace *pace, size_t bytes)
{
	pace->in_flight += bytes;
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void note_time(struct backfill_pace *pace, int64_t took_ns, int64_t now_ns)
{
	if (now_ns - pace->period_ns > PERIOD_NS) {
		pace->fastest_before_ns = pace->fastest_ns;
		pace->fastest_ns = 0;
		pace->period_ns = now_ns;
	}
	pace->fastest_ns = shorter(pace->fastest_ns, took_ns);
}

/* Make room for what the broker acknowledges in time: took_ns is for all of the room. */
static void shrink(struct backfill_pace *pace, int64_t in_time_ns, int64_t took_ns, int64_t now_ns)
{
	size_t room = (size_t)((double)pace->room * (double)in_time_ns / (double)took_ns);
	if (room < pace->room / SHRINK)
		room = pace->room / SHRINK;
	pace->room = room < BACKFILL_PACE_MIN ? BACKFILL_PACE_MIN : room;
	pace->shrunk_ns = now_ns;
}

static void grow(struct backfill_pace *pace, size_t bytes)
{
	pace->room += bytes / GROW;
	if (pace->room > BACKFILL_PACE_MAX)
		pace->room = BACKFILL_PACE_MAX;
}

void backfill_pace_acked(struct backfill_pace *pace, size_t bytes, int64_t sent_ns, int64_t now_ns)
{
	int64_t in_time_ns, took_ns = now_ns - sent_ns;
	bool is_used = pace->in_flight > pace->room / 2; /* else the room is large enough */
	pace->in_flight -= bytes < pace->in_flight ? bytes : pace->in_flight;
	note_time(pace, took_ns, now_ns);
	in_time_ns = shorter(pace->fastest_ns, pace->fastest_before_ns) + LATE_NS;
	if (took_ns > in_time_ns && sent_ns >= pace->shrunk_ns) /* it was sent with this room */
		shrink(pace, in_time_ns, took_ns, now_ns);
	else if (took_ns <= in_time_ns && is_used)
		grow(pace, bytes);
}
