#include "sink/kafka/library.h"

#include <librdkafka/rdkafka.h>

/* decisions/0012 */
_Static_assert(RD_KAFKA_VERSION >= 0x020002ff,
	       "Tideway needs librdkafka 2.0.2 or later: install librdkafka-dev of Debian 12.");

const char *sink_library_version(void)
{
	return rd_kafka_version_str();
}
