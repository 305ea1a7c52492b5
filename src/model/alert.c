#include "model/alert.h"

static const struct {
	const char *name;
	enum alert_severity severity;
	enum alert_pace pace;
	const char *end;
} kinds[ALERT_KIND_COUNT] = {
#define X(id, name, severity, pace, end) {name, ALERT_##severity, ALERT_##pace, end},
	ALERT_KINDS(X)
#undef X
};

const char *alert_name(enum alert_kind kind)
{
	return kinds[kind].name;
}

const char *alert_severity_name(enum alert_kind kind)
{
	return kinds[kind].severity == ALERT_CRITICAL ? "critical" : "warning";
}

enum alert_pace alert_pace(enum alert_kind kind)
{
	return kinds[kind].pace;
}

const char *alert_end_text(enum alert_kind kind)
{
	return kinds[kind].end;
}
