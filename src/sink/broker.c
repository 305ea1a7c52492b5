#include "sink/broker.h"

#include "base/mem.h"
#include "sink/forward.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>

struct broker {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	char address[64];        /* what users give to their clients */
	int partitions;          /* of a topic that a client asks for; 0: the mock's own number */
	struct forward *forward; /* in front of the mock; NULL: none */
};

static void quiet(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	(void)rk, (void)level, (void)fac, (void)text;
}

/* The cluster hangs on a client that never connects anywhere. */
static int start_mock(struct broker *broker, struct err *err)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, quiet);
	broker->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (broker->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, ERR_INTERNAL, "embedded broker: %s", text);
	}
	broker->cluster = rd_kafka_mock_cluster_new(broker->rk, 1);
	if (broker->cluster == NULL)
		return err_set(err, ERR_INTERNAL, "embedded broker: cannot start");
	snprintf(broker->address, sizeof(broker->address), "%s",
		 rd_kafka_mock_cluster_bootstraps(broker->cluster));
	return 0;
}

/* The mock makes a topic with 4 partitions when it is first asked for, and nothing changes that number. */
static void make_topic(void *arg, const char *name)
{
	struct broker *broker = arg;
	(void)rd_kafka_mock_topic_create(broker->cluster, name, broker->partitions, 1);
}

static int start_forward(struct broker *broker, unsigned port, struct err *err)
{
	unsigned mock_port = 0;
	(void)sscanf(broker->address, "%*[^:]:%u", &mock_port);
	broker->forward = forward_new(port, mock_port, make_topic, broker, err);
	if (broker->forward == NULL)
		return -1;
	snprintf(broker->address, sizeof(broker->address), "127.0.0.1:%u",
		 forward_port(broker->forward));
	return 0;
}

struct broker *broker_new(unsigned port, int partitions, struct err *err)
{
	struct broker *broker = mem_array(1, sizeof(*broker));
	broker->partitions = partitions;
	if (start_mock(broker, err) != 0 ||
	    (partitions != 0 && start_forward(broker, port, err) != 0)) {
		broker_free(broker);
		return NULL;
	}
	return broker;
}

void broker_free(struct broker *broker)
{
	if (broker == NULL)
		return;
	forward_free(broker->forward);
	if (broker->cluster != NULL)
		rd_kafka_mock_cluster_destroy(broker->cluster);
	if (broker->rk != NULL)
		rd_kafka_destroy(broker->rk);
	free(broker);
}

const char *broker_address(const struct broker *broker)
{
	return broker->address;
}

int broker_topic(struct broker *broker, const char *name, int partitions, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(broker->cluster, name, partitions, 1);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, ERR_KAFKA, "embedded broker: topic \"%s\": %s", name,
		       rd_kafka_err2str(code));
}
