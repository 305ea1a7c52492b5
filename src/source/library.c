#include "source/library.h"

#include <mysql.h>

/* decisions/0012 */
#if defined(MARIADB_PACKAGE_VERSION_ID) && MARIADB_PACKAGE_VERSION_ID < 30300
#error "Tideway needs libmariadb 3.3 or later: install libmariadb-dev of Debian 12 or later."
#endif

const char *source_library_version(void)
{
	return mysql_get_client_info();
}
