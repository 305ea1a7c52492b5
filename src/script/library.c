#include "script/library.h"

#include <lua.h>
#include <openssl/crypto.h>
#include <utf8proc.h>
#include <yaml.h>

const char *script_lua_version(void)
{
	return LUA_RELEASE;
}

const char *script_yaml_version(void)
{
	return yaml_get_version_string();
}

const char *script_openssl_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const char *script_utf8proc_version(void)
{
	return utf8proc_version();
}
