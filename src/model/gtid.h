/* gtid: global transaction ids (GTIDs) of MySQL and MariaDB, and sets of them.
 * Thread: one at a time. Owner: a set owns its memory; gtid_set_fini releases it. */
#ifndef TIDEWAY_GTID_H
#define TIDEWAY_GTID_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reader.h"

#include <stdint.h>

enum gtid_flavour { GTID_NONE, GTID_MARIADB, GTID_MYSQL };

/* The GTID of one transaction. */
struct gtid {
	enum gtid_flavour flavour;  /* GTID_NONE: the transaction has no GTID */
	uint32_t domain, server_id; /* MariaDB */
	uint8_t uuid[16];           /* MySQL */
	uint64_t seq;               /* MariaDB: sequence number; MySQL: transaction number (gno) */
};

struct gtid_interval {
	uint64_t first, last; /* both inclusive */
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
/* Replaces the content of dst, which must be initialised, by a copy of src. */
void gtid_set_copy(struct gtid_set *dst, const struct gtid_set *src);
bool gtid_equal(const struct gtid *a, const struct gtid *b);
/* MySQL: adds the transaction. MariaDB: makes it the last transaction of its domain. */
void gtid_set_add(struct gtid_set *set, const struct gtid *gtid);
/* MySQL: returns whether the set contains the transaction. MariaDB: returns whether the last
 * transaction of its domain is this one or a later one. */
bool gtid_set_contains(const struct gtid_set *set, const struct gtid *gtid);
/* Returns whether b contains every transaction of a. */
bool gtid_set_subset(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_empty(const struct gtid_set *set);
/* Adds the content of `other`. MySQL: the union. MariaDB: the later transaction of each domain. */
void gtid_set_merge(struct gtid_set *set, const struct gtid_set *other);
/* Replaces the set's content by that of a text: "0-1-5,1-1-7", "uuid:1-5:7,uuid2:1", or "" for an
 * empty set. Skips white space and newlines. Fails on tagged GTIDs (uuid:tag:1); the error names
 * the tag. On failure the set is empty. */
int gtid_set_parse(struct gtid_set *set, struct slice text, struct err *err) MUST_CHECK;
/* Append the text that gtid_set_parse and gtid_parse read. */
void gtid_set_print(const struct gtid_set *set, struct buf *buf);
void gtid_print(const struct gtid *gtid, struct buf *buf);
/* Parses the text of one GTID, as gtid_print writes it. */
int gtid_parse(struct gtid *gtid, enum gtid_flavour flavour, struct slice text,
	       struct err *err) MUST_CHECK;
/* Reads the start of a MariaDB GTID event: seq(8) domain(4). The server id is in the event's
 * header. */
void gtid_read_mariadb(struct gtid *gtid, uint32_t server_id, struct reader *r);
/* Adds the content of a MariaDB GTID_LIST event: count(4, the upper 4 bits are flags) {domain(4)
 * server_id(4) seq(8)}. If the reader fails, the set contains the entries before the failure. */
void gtid_set_read_mariadb(struct gtid_set *set, struct reader *r);
/* Adds the content of MySQL's PREVIOUS_GTIDS event, in the form that gtid_set_encode writes. Returns false if it cannot be read:
 * it is damaged, or has tagged GTIDs. The set may contain a part of it then. */
bool gtid_set_read_mysql(struct gtid_set *set, struct reader *r);
/* Appends MySQL's binary form for COM_BINLOG_DUMP_GTID: n_sids(8) {uuid(16) n(8) {start(8)
 * end+1(8)}}. */
void gtid_set_encode(const struct gtid_set *set, struct buf *buf);

#endif
