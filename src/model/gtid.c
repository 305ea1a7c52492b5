#include "model/gtid.h"

#include "base/mem.h"
#include "base/num.h"

#include <assert.h>
#include <stdlib.h>

enum {
	UUID_BYTES = 16,
	UUID_TEXT = 36, /* characters of a printed uuid */
	TAG_MAX = 32,   /* characters of a tag */
};

/* MySQL's largest transaction number is one less than the largest signed 64-bit integer. */
static const uint64_t GNO_MAX = (uint64_t)INT64_MAX - 1;

bool gtid_equal(const struct gtid *a, const struct gtid *b)
{
	return a->flavour == b->flavour && a->domain == b->domain && a->server_id == b->server_id &&
	       a->seq == b->seq && memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0;
}

void gtid_set_init(struct gtid_set *set, enum gtid_flavour flavour)
{
	*set = (struct gtid_set){.flavour = flavour};
}

static void clear(struct gtid_set *set)
{
	for (size_t i = 0; i < set->nsources; i++)
		free(set->sources[i].intervals);
	set->nsources = 0;
	set->ndomains = 0;
}

void gtid_set_fini(struct gtid_set *set)
{
	clear(set);
	free(set->sources);
	free(set->domains);
	gtid_set_init(set, set->flavour);
}

/* Returns the capacity for one more than n elements: doubled if n elements fill `cap`. */
static size_t grown(size_t n, size_t cap)
{
	return n < cap ? cap : cap * 2 + 4;
}

/* Returns the index of the domain, or else the index where it belongs. */
static size_t find_domain(const struct gtid_set *set, uint32_t domain)
{
	size_t at = 0; /* there are few domains: a linear search is fast enough */
	while (at < set->ndomains && set->domains[at].domain < domain)
		at++;
	return at;
}

static struct gtid_domain *get_domain(const struct gtid_set *set, uint32_t domain)
{
	size_t at = find_domain(set, domain);
	bool found = at < set->ndomains && set->domains[at].domain == domain;
	return found ? &set->domains[at] : NULL;
}

static void put_domain(struct gtid_set *set, struct gtid_domain domain)
{
	struct gtid_domain *present = get_domain(set, domain.domain);
	if (present != NULL) {
		*present = domain;
		return;
	}
	size_t at = find_domain(set, domain.domain);
	set->domain_cap = grown(set->ndomains, set->domain_cap);
	set->domains = mem_resize(set->domains, set->domain_cap, sizeof(*set->domains));
	memmove(set->domains + at + 1, set->domains + at,
		(set->ndomains - at) * sizeof(*set->domains));
	set->domains[at] = domain;
	set->ndomains++;
}

static size_t find_source(const struct gtid_set *set, const uint8_t *uuid)
{
	size_t low = 0, high = set->nsources;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memcmp(set->sources[middle].uuid, uuid, UUID_BYTES) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct gtid_source *get_source(const struct gtid_set *set, const uint8_t *uuid)
{
	size_t at = find_source(set, uuid);
	if (at == set->nsources || memcmp(set->sources[at].uuid, uuid, UUID_BYTES) != 0)
		return NULL;
	return &set->sources[at];
}

static struct gtid_source *make_source(struct gtid_set *set, const uint8_t *uuid)
{
	struct gtid_source *source = get_source(set, uuid);
	if (source != NULL)
		return source;
	size_t at = find_source(set, uuid);
	set->source_cap = grown(set->nsources, set->source_cap);
	set->sources = mem_resize(set->sources, set->source_cap, sizeof(*set->sources));
	source = set->sources + at;
	memmove(source + 1, source, (set->nsources - at) * sizeof(*set->sources));
	*source = (struct gtid_source){.cap = 0};
	memcpy(source->uuid, uuid, UUID_BYTES);
	set->nsources++;
	return source;
}

/* Returns the index of the first interval that ends at or after `number`. */
static size_t find_interval(const struct gtid_source *source, uint64_t number)
{
	size_t low = 0, high = source->nintervals;
	if (high > 0 && source->intervals[high - 1].last < number)
		return high; /* the usual case: the server's next transaction */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (source->intervals[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert_interval(struct gtid_source *source, size_t at, struct gtid_interval interval)
{
	source->cap = grown(source->nintervals, source->cap);
	source->intervals = mem_resize(source->intervals, source->cap, sizeof(*source->intervals));
	memmove(source->intervals + at + 1, source->intervals + at,
		(source->nintervals - at) * sizeof(*source->intervals));
	source->intervals[at] = interval;
	source->nintervals++;
}

/* Adds first..last. Merges it with every interval that overlaps it or is adjacent to it. */
static void add_interval(struct gtid_source *source, uint64_t first, uint64_t last)
{
	size_t at = find_interval(source, first - 1); /* first is at least 1 */
	size_t end = at;
	while (end < source->nintervals && source->intervals[end].first <= last + 1)
		end++;
	if (at == end) {
		insert_interval(source, at, (struct gtid_interval){first, last});
		return;
	}
	struct gtid_interval *all = source->intervals;
	if (all[at].first < first)
		first = all[at].first;
	if (all[end - 1].last > last)
		last = all[end - 1].last;
	all[at] = (struct gtid_interval){first, last};
	memmove(all + at + 1, all + end, (source->nintervals - end) * sizeof(*all));
	source->nintervals -= end - at - 1;
}

static bool covers(const struct gtid_source *source, struct gtid_interval interval)
{
	size_t at = find_interval(source, interval.last);
	return at < source->nintervals && source->intervals[at].first <= interval.first;
}

void gtid_set_merge(struct gtid_set *set, const struct gtid_set *other)
{
	assert(set->flavour == other->flavour || gtid_set_empty(other));
	for (size_t i = 0; i < other->ndomains; i++) {
		const struct gtid_domain *present = get_domain(set, other->domains[i].domain);
		if (present == NULL || present->seq < other->domains[i].seq)
			put_domain(set, other->domains[i]);
	}
	for (size_t i = 0; i < other->nsources; i++) {
		const struct gtid_source *from = &other->sources[i];
		struct gtid_source *to = make_source(set, from->uuid);
		for (size_t j = 0; j < from->nintervals; j++)
			add_interval(to, from->intervals[j].first, from->intervals[j].last);
	}
}

void gtid_set_copy(struct gtid_set *dst, const struct gtid_set *src)
{
	if (dst == src)
		return;
	clear(dst);
	dst->flavour = src->flavour;
	gtid_set_merge(dst, src);
}

void gtid_set_add(struct gtid_set *set, const struct gtid *gtid)
{
	if (gtid->flavour == GTID_NONE)
		return;
	assert(gtid->flavour == set->flavour);
	assert(gtid->flavour != GTID_MYSQL || (gtid->seq > 0 && gtid->seq <= GNO_MAX));
	if (gtid->flavour == GTID_MYSQL)
		add_interval(make_source(set, gtid->uuid), gtid->seq, gtid->seq);
	else
		put_domain(set, (struct gtid_domain){gtid->domain, gtid->server_id, gtid->seq});
}

bool gtid_set_contains(const struct gtid_set *set, const struct gtid *gtid)
{
	if (gtid->flavour == GTID_MARIADB) {
		const struct gtid_domain *domain = get_domain(set, gtid->domain);
		return domain != NULL && domain->seq >= gtid->seq;
	}
	if (gtid->flavour == GTID_NONE)
		return false;
	const struct gtid_source *source = get_source(set, gtid->uuid);
	return source != NULL && covers(source, (struct gtid_interval){gtid->seq, gtid->seq});
}

static bool source_subset(const struct gtid_source *a, const struct gtid_set *b)
{
	const struct gtid_source *source = get_source(b, a->uuid);
	if (source == NULL)
		return a->nintervals == 0;
	for (size_t i = 0; i < a->nintervals; i++)
		if (!covers(source, a->intervals[i]))
			return false;
	return true;
}

bool gtid_set_subset(const struct gtid_set *a, const struct gtid_set *b)
{
	for (size_t i = 0; i < a->ndomains; i++) {
		const struct gtid_domain *domain = get_domain(b, a->domains[i].domain);
		if (domain == NULL || domain->seq < a->domains[i].seq)
			return false;
	}
	for (size_t i = 0; i < a->nsources; i++)
		if (!source_subset(&a->sources[i], b))
			return false;
	return true;
}

bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b)
{
	if (a->ndomains != b->ndomains || !gtid_set_subset(a, b) || !gtid_set_subset(b, a))
		return false;
	for (size_t i = 0; i < a->ndomains; i++)
		if (a->domains[i].server_id != b->domains[i].server_id)
			return false;
	return true;
}

bool gtid_set_empty(const struct gtid_set *set)
{
	return set->ndomains == 0 && set->nsources == 0;
}

struct scan {
	struct slice rest; /* the text that is not parsed yet */
	struct slice text; /* the whole text, for errors */
};

static int wrong(const struct scan *scan, const char *what, struct err *err)
{
	size_t at = scan->text.len - scan->rest.len;
	return err_set(err, E_GTID_SET, "GTID set '%.*s': %s at character %zu",
		       SLICE_FMT(scan->text), what, at + 1);
}

static void skip_space(struct scan *scan)
{
	while (scan->rest.len != 0 && memchr(" \t\r\n", scan->rest.ptr[0], 4) != NULL)
		scan->rest = slice_of(scan->rest.ptr + 1, scan->rest.len - 1);
}

/* Skips the character c and the space around it if c is next. Returns whether it was. */
static bool take(struct scan *scan, char c)
{
	skip_space(scan);
	if (scan->rest.len == 0 || scan->rest.ptr[0] != c)
		return false;
	scan->rest = slice_of(scan->rest.ptr + 1, scan->rest.len - 1);
	skip_space(scan);
	return true;
}

static int take_number(struct scan *scan, uint64_t max, uint64_t *v, struct err *err)
{
	struct slice rest = scan->rest;
	size_t n = 0;
	while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
		n++;
	if (!num_parse_u64(slice_of(rest.ptr, n), v) || *v > max)
		return wrong(scan, "no number, or one too large,", err);
	scan->rest = slice_of(rest.ptr + n, rest.len - n);
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

static int take_uuid(struct scan *scan, uint8_t *uuid, struct err *err)
{
	size_t digits = 0;
	if (scan->rest.len < UUID_TEXT)
		return wrong(scan, "no server uuid", err);
	memset(uuid, 0, UUID_BYTES);
	for (size_t i = 0; i < UUID_TEXT; i++) {
		char c = scan->rest.ptr[i];
		int digit = hex_digit(c);
		if (is_dash(i) ? c != '-' : digit < 0)
			return wrong(scan, "no server uuid", err);
		if (is_dash(i))
			continue;
		uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | digit);
		digits++;
	}
	scan->rest = slice_of(scan->rest.ptr + UUID_TEXT, scan->rest.len - UUID_TEXT);
	return 0;
}

/* Reports a tag: a word in the place of an interval that begins with a letter or '_'. */
static int refuse_tag(const struct scan *scan, struct err *err)
{
	struct slice rest = scan->rest;
	size_t n = 0;
	while (n < rest.len && n < TAG_MAX && strchr(":-, \t\r\n", rest.ptr[n]) == NULL)
		n++;
	return err_set(err, E_GTID_SET,
		       "GTID set '%.*s': the tag '%.*s' of a tagged GTID (uuid:tag:number) is not "
		       "supported. Write with gtid_next = AUTOMATIC, without a tag",
		       SLICE_FMT(scan->text), (int)n, rest.ptr);
}

static int take_interval(struct scan *scan, struct gtid_source *source, struct err *err)
{
	uint64_t first, last;
	char c = scan->rest.len ? scan->rest.ptr[0] : '0';
	if ((c | 0x20) >= 'a' || c == '_')
		return refuse_tag(scan, err);
	if (take_number(scan, GNO_MAX, &first, err) != 0)
		return -1;
	last = first;
	if (take(scan, '-') && take_number(scan, GNO_MAX, &last, err) != 0)
		return -1;
	if (first == 0 || last < first)
		return wrong(scan, "an interval that is empty or begins at 0", err);
	add_interval(source, first, last);
	return 0;
}

static int take_source(struct scan *scan, struct gtid_set *set, struct err *err)
{
	uint8_t uuid[UUID_BYTES];
	if (take_uuid(scan, uuid, err) != 0)
		return -1;
	if (!take(scan, ':'))
		return wrong(scan, "no ':'", err);
	struct gtid_source *source = make_source(set, uuid);
	do {
		if (take_interval(scan, source, err) != 0)
			return -1;
	} while (take(scan, ':'));
	return 0;
}

static int take_domain(struct scan *scan, struct gtid_set *set, struct err *err)
{
	uint64_t domain, server_id, seq;
	if (take_number(scan, UINT32_MAX, &domain, err) != 0)
		return -1;
	if (!take(scan, '-'))
		return wrong(scan, "no '-'", err);
	if (take_number(scan, UINT32_MAX, &server_id, err) != 0)
		return -1;
	if (!take(scan, '-'))
		return wrong(scan, "no '-'", err);
	if (take_number(scan, UINT64_MAX, &seq, err) != 0)
		return -1;
	if (get_domain(set, (uint32_t)domain) != NULL)
		return wrong(scan, "a domain that occurs twice", err);
	put_domain(set, (struct gtid_domain){(uint32_t)domain, (uint32_t)server_id, seq});
	return 0;
}

static int parse_all(struct gtid_set *set, struct scan *scan, struct err *err)
{
	skip_space(scan);
	if (scan->rest.len == 0)
		return 0;
	if (set->flavour == GTID_NONE)
		return wrong(scan, "text for a server without GTIDs", err);
	do {
		int result = set->flavour == GTID_MYSQL ? take_source(scan, set, err)
							: take_domain(scan, set, err);
		if (result != 0)
			return -1;
	} while (take(scan, ','));
	return scan->rest.len == 0 ? 0 : wrong(scan, "something unexpected", err);
}

int gtid_set_parse(struct gtid_set *set, struct slice text, struct err *err)
{
	struct scan scan = {text, text};
	clear(set);
	if (parse_all(set, &scan, err) == 0)
		return 0;
	clear(set);
	return -1;
}

static void print_number(struct buf *buf, uint64_t v)
{
	buf->len += num_u64(buf_reserve(buf, NUM_INT_MAX), v);
}

static void print_uuid(struct buf *buf, const uint8_t *uuid)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(buf, '-');
		buf_char(buf, digits[uuid[i] >> 4]);
		buf_char(buf, digits[uuid[i] & 15]);
	}
}

static void print_domain(struct buf *buf, uint32_t domain, uint32_t server_id, uint64_t seq)
{
	print_number(buf, domain);
	buf_char(buf, '-');
	print_number(buf, server_id);
	buf_char(buf, '-');
	print_number(buf, seq);
}

static void print_source(struct buf *buf, const struct gtid_source *source)
{
	print_uuid(buf, source->uuid);
	for (size_t i = 0; i < source->nintervals; i++) {
		const struct gtid_interval *interval = &source->intervals[i];
		buf_char(buf, ':');
		print_number(buf, interval->first);
		if (interval->last == interval->first)
			continue;
		buf_char(buf, '-');
		print_number(buf, interval->last);
	}
}

void gtid_set_print(const struct gtid_set *set, struct buf *buf)
{
	for (size_t i = 0; i < set->ndomains; i++) {
		const struct gtid_domain *d = &set->domains[i];
		if (i > 0)
			buf_char(buf, ',');
		print_domain(buf, d->domain, d->server_id, d->seq);
	}
	for (size_t i = 0; i < set->nsources; i++) {
		if (i > 0)
			buf_char(buf, ',');
		print_source(buf, &set->sources[i]);
	}
}

void gtid_print(const struct gtid *gtid, struct buf *buf)
{
	if (gtid->flavour == GTID_MARIADB)
		print_domain(buf, gtid->domain, gtid->server_id, gtid->seq);
	if (gtid->flavour != GTID_MYSQL)
		return;
	print_uuid(buf, gtid->uuid);
	buf_char(buf, ':');
	print_number(buf, gtid->seq);
}

static void encode_u64(struct buf *buf, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		buf_char(buf, (char)(v >> (8 * i)));
}

void gtid_set_encode(const struct gtid_set *set, struct buf *buf)
{
	encode_u64(buf, set->nsources);
	for (size_t i = 0; i < set->nsources; i++) {
		const struct gtid_source *source = &set->sources[i];
		buf_append(buf, source->uuid, UUID_BYTES);
		encode_u64(buf, source->nintervals);
		for (size_t j = 0; j < source->nintervals; j++) {
			encode_u64(buf, source->intervals[j].first);
			encode_u64(buf, source->intervals[j].last + 1);
		}
	}
}

void gtid_read_mariadb(struct gtid *gtid, uint32_t server_id, struct reader *r)
{
	*gtid = (struct gtid){.flavour = GTID_MARIADB, .server_id = server_id};
	gtid->seq = reader_u64(r);
	gtid->domain = reader_u32(r);
}

/* If a domain occurs more than once, its last entry counts. */
void gtid_set_read_mariadb(struct gtid_set *set, struct reader *r)
{
	uint32_t n = reader_u32(r) & 0x0fffffff;
	struct gtid gtid = {.flavour = GTID_MARIADB};
	while (n-- > 0 && !r->failed) {
		gtid.domain = reader_u32(r);
		gtid.server_id = reader_u32(r);
		gtid.seq = reader_u64(r);
		if (!r->failed)
			gtid_set_add(set, &gtid);
	}
}

static bool read_intervals(struct gtid_source *source, struct reader *r)
{
	for (uint64_t n = reader_u64(r); n > 0 && !r->failed; n--) {
		uint64_t first = reader_u64(r), end = reader_u64(r);
		if (r->failed || first == 0 || end <= first || end > GNO_MAX + UINT64_C(1))
			return false;
		add_interval(source, first, end - 1);
	}
	return !r->failed;
}

/* Reads the intervals of one UUID. tagged: the form has a tag, which must be empty. */
static bool read_source(struct gtid_set *set, struct reader *r, bool tagged)
{
	const uint8_t *uuid = reader_bytes(r, UUID_BYTES);
	if (uuid == NULL || (tagged && (reader_u8(r) != 0 || r->failed)))
		return false;
	return read_intervals(make_source(set, uuid), r);
}

/* A server that knows a tag, even of GTIDs that it no longer has, writes another form. Its first and its last byte are 1, with the
 * number of UUIDs between them. */
bool gtid_set_read_mysql(struct gtid_set *set, struct reader *r)
{
	uint64_t n = reader_u64(r);
	bool tagged = (n & 0xff) == 1 && n >> 56 == 1;
	bool ok;
	if (tagged)
		n = n << 8 >> 16;
	for (ok = !r->failed && n <= UINT32_MAX; ok && n > 0; n--)
		ok = read_source(set, r, tagged);
	return ok;
}

int gtid_parse(struct gtid *gtid, enum gtid_flavour flavour, struct slice text, struct err *err)
{
	struct gtid_set set;
	int rc;
	*gtid = (struct gtid){.flavour = flavour};
	gtid_set_init(&set, flavour);
	rc = gtid_set_parse(&set, text, err);
	if (rc == 0 && set.ndomains == 1) {
		gtid->domain = set.domains[0].domain;
		gtid->server_id = set.domains[0].server_id;
		gtid->seq = set.domains[0].seq;
	} else if (rc == 0 && set.nsources == 1) {
		memcpy(gtid->uuid, set.sources[0].uuid, sizeof(gtid->uuid));
		gtid->seq = set.sources[0].intervals[0].first;
	} else if (rc == 0) {
		rc = err_set(err, E_GTID, "'%.*s' is not a valid GTID", SLICE_FMT(text));
	}
	gtid_set_fini(&set);
	return rc;
}
