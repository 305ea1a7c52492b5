#include "control/quantity.h"

#include <inttypes.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, SMALL_S = 10, UNIT = 1000, SMALL_UNITS = 10 };

/* Append "3 h 10 min" or, without a rest, "3 h". */
static void put_two(struct buf *out, uint64_t whole, const char *unit, uint64_t rest,
		    const char *rest_unit)
{
	buf_printf(out, "%" PRIu64 " %s", whole, unit);
	if (rest > 0)
		buf_printf(out, " %" PRIu64 " %s", rest, rest_unit);
}

void quantity_put_duration(struct buf *out, double seconds)
{
	uint64_t s = (uint64_t)(seconds + 0.5), minutes = (s + MINUTE_S / 2) / MINUTE_S;
	if (seconds < SMALL_S - 0.05)
		buf_printf(out, "%.1f s", seconds);
	else if (s < 2 * MINUTE_S)
		buf_printf(out, "%" PRIu64 " s", s);
	else if (minutes < 2 * HOUR_S / MINUTE_S)
		buf_printf(out, "%" PRIu64 " min", minutes);
	else if (s < 2 * DAY_S)
		put_two(out, minutes / 60, "h", minutes % 60, "min");
	else
		put_two(out, s / DAY_S, "days", s % DAY_S / HOUR_S, "h");
}

void quantity_put_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const UNITS[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
	double size = (double)bytes / UNIT;
	unsigned unit = 0;
	if (bytes < UNIT) {
		buf_printf(out, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; size >= UNIT - 0.5 && unit + 1 < sizeof(UNITS) / sizeof(*UNITS); unit++)
		size /= UNIT;
	buf_printf(out, size < SMALL_UNITS - 0.05 ? "%.1f %s" : "%.0f %s", size, UNITS[unit]);
}
