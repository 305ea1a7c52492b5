/* cmd_test: `tideway test`: run tests of a mapping, without a source or a broker. */
#include "control/command.h"
#include "engine/stream/offline.h"

#include <stdio.h>

int command_test(const struct arguments *arguments, struct err *err)
{
	struct script_host host = {.arg = NULL};
	unsigned passed = 0, failed = 0;
	if (arguments->nwords == 0)
		return err_set(err, E_COMMAND_WORDS,
			       "'test' takes test files: tideway test tests/*.lua");
	offline_host(&host);
	for (unsigned i = 0; i < arguments->nwords; i++) {
		struct err load = ERR_INIT;
		if (script_test(arguments->words[i], &host, &passed, &failed, &load) < 0) {
			printf("FAIL  %s: %s\n", arguments->words[i], load.text);
			failed++;
		}
	}
	printf("%u passed, %u failed\n", passed, failed);
	if (failed > 0)
		return err_set(err, E_TEST_FAILED, "%u of %u tests failed", failed,
			       passed + failed);
	return 0;
}
