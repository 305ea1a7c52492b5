#include "source/server_error.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <string.h>

/* Numbers that the client library's headers do not contain. */
enum {
	MARIADB_CONNECTION_KILLED = 1927,
	MARIADB_SLAVE_SAME_ID = 4052,
	MYSQL_XA_RECOVER_DENIED = 1401,
	MYSQL_ACCOUNT_LOCKED = 3118,
	MARIADB_ACCOUNT_LOCKED = 4151,
	MYSQL_CLIENT_TIMEOUT = 4031,
	MYSQL_TLS_REQUIRED = 3159,
	MYSQL_SPECIFIC_DENIED = 1227,
	CLIENT_PLUGIN_LOAD = 2059,
	CLIENT_PLUGIN_ERROR = 2061,
	CLIENT_CONNECTION_CLOSED = 2056,
	CLIENT_SERVER_LOST_EXTENDED = 2055,
};

bool server_error_lost(unsigned number)
{
	switch (number) {
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CLIENT_SERVER_LOST_EXTENDED:
	case CLIENT_CONNECTION_CLOSED:
	case CR_SSL_CONNECTION_ERROR:
	case ER_SERVER_SHUTDOWN:
	case MARIADB_CONNECTION_KILLED:
	case MYSQL_CLIENT_TIMEOUT:
		return true;
	default:
		return false;
	}
}

bool server_error_retriable(unsigned number)
{
	if (server_error_lost(number))
		return true;
	switch (number) {
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_IPSOCK_ERROR:
	case CR_SERVER_HANDSHAKE_ERR:
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
	case ER_NET_READ_ERROR:
	case ER_NET_READ_INTERRUPTED:
	case ER_NET_ERROR_ON_WRITE:
	case ER_NET_WRITE_INTERRUPTED:
	case ER_NET_PACKETS_OUT_OF_ORDER:
	case ER_NEW_ABORTING_CONNECTION:
	case ER_QUERY_INTERRUPTED:
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_LOCK_DEADLOCK:
		return true;
	default:
		return false;
	}
}

bool server_error_denied(unsigned number)
{
	switch (number) {
	case ER_DBACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case MYSQL_SPECIFIC_DENIED:
	case MYSQL_XA_RECOVER_DENIED:
		return true;
	default:
		return false;
	}
}

bool server_error_unknown(unsigned number)
{
	return number == ER_PARSE_ERROR || number == ER_UNKNOWN_SYSTEM_VARIABLE ||
	       number == ER_NOT_SUPPORTED_YET || number == ER_SP_DOES_NOT_EXIST ||
	       number == ER_VAR_CANT_BE_READ;
}

bool server_error_table_changed(unsigned number)
{
	return number == ER_TABLE_DEF_CHANGED || number == ER_BAD_FIELD_ERROR ||
	       number == ER_NO_SUCH_TABLE || number == ER_NEED_REPREPARE ||
	       number == ER_KEY_DOES_NOT_EXISTS;
}

const char *server_error_connect_remedy(unsigned number, const char *text)
{
	switch (number) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
		return "check user and password in the script's source, and that the account may "
		       "log "
		       "in from this host";
	case ER_MUST_CHANGE_PASSWORD:
	case ER_MUST_CHANGE_PASSWORD_LOGIN:
		return "the password has expired: ALTER USER ... IDENTIFIED BY '...'";
	case MYSQL_ACCOUNT_LOCKED:
	case MARIADB_ACCOUNT_LOCKED:
		return "unlock it: ALTER USER ... ACCOUNT UNLOCK";
	case ER_HOST_NOT_PRIVILEGED:
		return "create the account for this host: CREATE USER 'name'@'%' ...";
	case ER_HOST_IS_BLOCKED:
		return "unblock this host on the server: FLUSH HOSTS, or "
		       "TRUNCATE TABLE performance_schema.host_cache";
	case MYSQL_TLS_REQUIRED:
		return "set tls = true in the script's source";
	case CR_UNKNOWN_HOST:
		return "check host in the script's source";
	case CR_SSL_CONNECTION_ERROR:
		return "check tls, its ca, cert and key; tls = { verify = false } accepts any "
		       "certificate";
	case CLIENT_PLUGIN_LOAD:
	case CLIENT_PLUGIN_ERROR:
	case ER_NOT_SUPPORTED_AUTH_MODE:
		if (strstr(text, "caching_sha2_password") || strstr(text, "sha256_password"))
			return "check the password; the account's plugin may also ask for "
			       "tls = true";
		return "give the account a plugin that this client has: mysql_native_password, "
		       "caching_sha2_password or ed25519";
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
		return "raise max_connections or max_user_connections, or lower full.parallel";
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
		return "check that the server runs and listens there";
	default:
		return "check the script's source and the server's log";
	}
}

static bool contains_any(const char *text, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(text, *parts))
			return true;
	return false;
}

enum err_id server_error_dump(unsigned number, const char *text)
{
	/* parts of the texts of error 1236 in MySQL 8.0 to 9 and MariaDB 10.5 to 11 */
	static const char *const position[] = {
		"purged",
		"Could not find first log file",
		"could not find next log",
		"Could not open log file",
		"Failed to open log file",
		"position > file size",
		"impossible position",
		"not in the master's binlog",
		"not in the primary's binlog",
		"Could not find GTID state",
		"is missing the GTID",
		"more GTIDs than",
		NULL,
	};

	if (number == MARIADB_SLAVE_SAME_ID)
		return E_SERVER_ID;
	if (server_error_denied(number))
		return E_DUMP_REFUSED;
	if (number != ER_MASTER_FATAL_ERROR_READING_BINLOG)
		return E_STATEMENT;
	if (strstr(text, "same server_uuid/server_id"))
		return E_SERVER_ID;
	return contains_any(text, position) ? E_BINLOG_PURGED : E_DUMP_REFUSED;
}
