#include "source/library.h"

#include <mysql.h>

/* decisions/0012 */
_Static_assert(MARIADB_PACKAGE_VERSION_ID >= 30300,
	       "Tideway needs libmariadb 3.3 or later: install libmariadb-dev of Debian 12.");

const char *source_library_version(void)
{
	return mysql_get_client_info();
}
