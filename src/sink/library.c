#include "sink/library.h"

#include <librdkafka/rdkafka.h>

const char *sink_library_version(void)
{
	return rd_kafka_version_str();
}
