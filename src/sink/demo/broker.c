#include "sink/demo/broker_priv.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "sink/demo/broker_proxy.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POKE_MS = 1 };

struct broker {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	char address[64]; /* the address that users give to their clients */
	int partitions;   /* of a topic that a client requests; 0: the mock's own number */
	struct broker_proxy *proxy; /* in front of the mock; NULL: none */
	unsigned mock_port;
	struct map made;    /* names of the topics that were created for the proxy's clients */
	struct arena names; /* the bytes of these names */
};

static void quiet(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	(void)rk, (void)level, (void)fac, (void)text;
}

/* Start the mock cluster. It belongs to a client that never connects. */
static int start_mock(struct broker *broker, struct err *err)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, quiet);
	broker->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (broker->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, E_SYSTEM, "embedded broker: %s", text);
	}
	broker->cluster = rd_kafka_mock_cluster_new(broker->rk, 1);
	if (broker->cluster == NULL)
		return err_set(err, E_SYSTEM, "embedded broker: cannot start");
	snprintf(broker->address, sizeof(broker->address), "%s",
		 rd_kafka_mock_cluster_bootstraps(broker->cluster));
	return 0;
}

/* A topic that is being created in the mock. */
struct making {
	struct broker *broker;
	const char *name;
	_Atomic bool done;
};

static void *making_main(void *arg)
{
	struct making *making = arg;
	(void)rd_kafka_mock_topic_create(making->broker->cluster, making->name,
					 making->broker->partitions, 1);
	atomic_store(&making->done, true);
	return NULL;
}

/* Open and close a connection, which wakes the mock's thread. */
static void poke(unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return;
	(void)connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
}

/* Create a topic in the mock. The mock creates a topic with 4 partitions when one is first
 * requested, and that number cannot be changed later. librdkafka (2.0.2 to 2.15.1) may lose the
 * wake-up of the mock's thread for a create: the thread serves its operations, then discards all
 * wake-ups, and checks again after a second. Any traffic wakes it. decisions/0012. */
static void make_topic(void *arg, const char *name)
{
	struct broker *broker = arg;
	struct making making = {.broker = broker, .name = name};
	struct slice own;
	pthread_t thread;
	if (map_get(&broker->made, slice_str(name)))
		return;
	own = arena_copy(&broker->names, slice_str(name));
	map_set(&broker->made, own, broker);
	if (pthread_create(&thread, NULL, making_main, &making) != 0)
		return; /* it then has the mock's own number of partitions */
	while (!atomic_load(&making.done)) {
		clock_pause(POKE_MS);
		poke(broker->mock_port);
	}
	pthread_join(thread, NULL);
}

static int start_proxy(struct broker *broker, unsigned port, struct err *err)
{
	(void)sscanf(broker->address, "%*[^:]:%u", &broker->mock_port);
	broker->proxy = broker_proxy_new(port, broker->mock_port, make_topic, broker, err);
	if (broker->proxy == NULL)
		return -1;
	snprintf(broker->address, sizeof(broker->address), "127.0.0.1:%u",
		 broker_proxy_port(broker->proxy));
	return 0;
}

struct broker *broker_new(unsigned port, int partitions, struct err *err)
{
	struct broker *broker = mem_array(1, sizeof(*broker));
	broker->partitions = partitions;
	map_init(&broker->made);
	arena_init(&broker->names, 0);
	if (start_mock(broker, err) != 0 ||
	    (partitions != 0 && start_proxy(broker, port, err) != 0)) {
		broker_free(broker);
		return NULL;
	}
	return broker;
}

void broker_free(struct broker *broker)
{
	if (broker == NULL)
		return;
	broker_proxy_free(broker->proxy);
	if (broker->cluster != NULL)
		rd_kafka_mock_cluster_destroy(broker->cluster);
	if (broker->rk != NULL)
		rd_kafka_destroy(broker->rk);
	map_fini(&broker->made);
	arena_fini(&broker->names);
	free(broker);
}

const char *broker_address(const struct broker *broker)
{
	return broker->address;
}

rd_kafka_mock_cluster_t *broker_mock(const struct broker *broker)
{
	return broker->cluster;
}

int broker_topic(struct broker *broker, const char *name, int partitions, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(broker->cluster, name, partitions, 1);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, E_DEMO_BROKER, "embedded broker: topic \"%s\": %s", name,
		       rd_kafka_err2str(code));
}
