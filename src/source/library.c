#include "source/library.h"

#include <mysql.h>

const char *source_library_version(void)
{
	return mysql_get_client_info();
}
