/* cmd_broker: `tideway broker`: run the embedded broker until a signal arrives. */
#include "base/log.h"
#include "control/command.h"
#include "sink/demo/broker.h"

#include <signal.h>
#include <stdio.h>

enum { PARTITIONS = 6, PARTITIONS_MAX = 1000 };

int command_broker(const struct arguments *arguments, struct err *err)
{
	struct broker *broker;
	sigset_t signals;
	int number;
	if (arguments->nwords > 0)
		return err_set(err, E_COMMAND_WORDS,
			       "'broker' takes no words, only --port N and --partitions N");
	if (arguments->port > 65535)
		return err_set(err, E_COMMAND_VALUE, "--port %lu: a port is at most 65535",
			       arguments->port);
	if (arguments->partitions > PARTITIONS_MAX)
		return err_set(err, E_COMMAND_VALUE, "--partitions %lu: 'broker' takes at most %d",
			       arguments->partitions, PARTITIONS_MAX);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	broker = broker_new((unsigned)arguments->port,
			    arguments->partitions ? (int)arguments->partitions : PARTITIONS, err);
	if (broker == NULL)
		return -1;
	printf("%s\n", broker_address(broker));
	fflush(stdout);
	log_info("broker: listening on %s, messages are kept in memory only",
		 broker_address(broker));
	while (sigwait(&signals, &number) != 0)
		;
	broker_free(broker);
	return 0;
}
