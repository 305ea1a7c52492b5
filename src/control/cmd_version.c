/* cmd_version: `tideway version`: print the versions of the program and of everything linked. */
#include "control/admin.h"
#include "control/command.h"
#include "script/library.h"
#include "sink/kafka/library.h"
#include "source/library.h"

#include <cjson/cJSON.h>
#include <stdio.h>

int command_version(const struct arguments *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	printf("tideway %s\n", TIDEWAY_VERSION);
	printf("%s\n", script_lua_version());
	printf("librdkafka %s\n", sink_library_version());
	printf("libmariadb %s\n", source_library_version());
	printf("cJSON %s\n", cJSON_Version());
	printf("libyaml %s\n", script_yaml_version());
	printf("OpenSSL %s\n", script_openssl_version());
	printf("utf8proc %s\n", script_utf8proc_version());
	printf("libmicrohttpd %s\n", admin_library_version());
	return 0;
}
