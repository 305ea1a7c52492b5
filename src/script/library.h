/* library: the versions of the linked Lua, libyaml, OpenSSL and utf8proc.
 * Thread: any. */
#ifndef TIDEWAY_SCRIPT_LIBRARY_H
#define TIDEWAY_SCRIPT_LIBRARY_H

/* "Lua 5.4.4" */
const char *script_lua_version(void);
/* "0.2.5" */
const char *script_yaml_version(void);
/* "3.0.19" */
const char *script_openssl_version(void);
/* "2.8.0" */
const char *script_utf8proc_version(void);

#endif
