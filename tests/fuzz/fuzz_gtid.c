/* Any bytes as a GTID set's text: parsed or refused. The printed set parses to the same set. */
#include "model/gtid.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum gtid_flavour flavour, struct slice text)
{
	struct gtid_set set, again;
	struct err err = ERR_INIT;
	struct buf printed, encoded;
	gtid_set_init(&set, flavour);
	gtid_set_init(&again, flavour);
	buf_init(&printed);
	buf_init(&encoded);
	if (gtid_set_parse(&set, text, &err) == 0) {
		gtid_set_print(&set, &printed);
		gtid_set_encode(&set, &encoded);
		if (gtid_set_parse(&again, buf_slice(&printed), &err) != 0 ||
		    !gtid_set_equal(&set, &again))
			abort();
	}
	gtid_set_fini(&set);
	gtid_set_fini(&again);
	buf_fini(&printed);
	buf_fini(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(GTID_MYSQL, slice_of(data, size));
	check(GTID_MARIADB, slice_of(data, size));
	return 0;
}
