/* gtid: global transaction ids and sets of them, MySQL's and MariaDB's.
 * Thread: one at a time. Owner: a set owns its memory; gtid_set_fini. */
#ifndef TIDEWAY_GTID_H
#define TIDEWAY_GTID_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"

#include <stdint.h>

enum gtid_flavour { GTID_NONE, GTID_MARIADB, GTID_MYSQL };

/* One transaction's id. */
struct gtid {
	enum gtid_flavour flavour;  /* GTID_NONE: the transaction has none */
	uint32_t domain, server_id; /* MariaDB */
	uint8_t uuid[16];           /* MySQL */
	uint64_t seq;               /* MariaDB: sequence number; MySQL: transaction number (gno) */
};

struct gtid_interval {
	uint64_t first, last; /* both inside */
};

/* MySQL: the intervals of one server uuid, ascending, disjoint, not adjacent. */
struct gtid_source {
	uint8_t uuid[16];
	struct gtid_interval *intervals;
	size_t nintervals, cap;
};

/* MariaDB: the last transaction of one domain. */
struct gtid_domain {
	uint32_t domain, server_id;
	uint64_t seq;
};

struct gtid_set {
	enum gtid_flavour flavour;
	struct gtid_domain *domains; /* MariaDB, ascending by domain */
	size_t ndomains, domain_cap;
	struct gtid_source *sources; /* MySQL, ascending by uuid */
	size_t nsources, source_cap;
};

void gtid_set_init(struct gtid_set *set, enum gtid_flavour flavour);
void gtid_set_fini(struct gtid_set *set);
/* dst must be initialised; its old content is replaced. */
void gtid_set_copy(struct gtid_set *dst, const struct gtid_set *src);
bool gtid_equal(const struct gtid *a, const struct gtid *b);
/* MySQL: adds the number. MariaDB: the domain's last transaction becomes this one. */
void gtid_set_add(struct gtid_set *set, const struct gtid *gtid);
/* MySQL: is inside. MariaDB: the domain's last seq is at or after it. */
bool gtid_set_contains(const struct gtid_set *set, const struct gtid *gtid);
/* Every transaction of a is in b. */
bool gtid_set_subset(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_empty(const struct gtid_set *set);
/* MySQL: the union. MariaDB: for each domain the later one. */
void gtid_set_merge(struct gtid_set *set, const struct gtid_set *other);
/* "0-1-5,1-1-7", or "uuid:1-5:7,uuid2:1"; "" for an empty set. Replaces the set's content; tagged
 * GTIDs (uuid:tag:1) are refused by name. White space and newlines are skipped. */
int gtid_set_parse(struct gtid_set *set, struct slice text, struct err *err) MUST_CHECK;
void gtid_set_print(const struct gtid_set *set, struct buf *buf);
void gtid_print(const struct gtid *gtid, struct buf *buf);
/* One transaction's id, as gtid_print writes it. */
int gtid_parse(struct gtid *gtid, enum gtid_flavour flavour, struct slice text,
	       struct err *err) MUST_CHECK;
/* What a MariaDB GTID event begins with: seq(8) domain(4). The server id is in the event's header. */
void gtid_read_mariadb(struct gtid *gtid, uint32_t server_id, struct reader *r);
/* Adds what a MariaDB GTID_LIST event contains: count(4, the upper 4 bits are flags) {domain(4) server_id(4) seq(8)}. A reader
 * that fails leaves the list incomplete. */
void gtid_set_read_mariadb(struct gtid_set *set, struct reader *r);
/* MySQL's binary form for COM_BINLOG_DUMP_GTID: n_sids(8) {uuid(16) n(8) {start(8) end+1(8)}}. */
void gtid_set_encode(const struct gtid_set *set, struct buf *buf);

#endif
