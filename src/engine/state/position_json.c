/* The position as JSON:
 * {"version":1,"server":"1","file":"bin.000001","offset":"4","flavour":"mariadb","gtid":"0-1-5","rowOffset":"0",
 *  "sequence":"1614748790461000000","commitMs":"0",
 *  "watermarkMs":"1614748870000","identity":{"file":"bin.000001","born":"..","gtid":"0-1-5","offset":"4"},"pending":[{"kind":"xa","id":"..","file":"..","offset":"..",
 *  "version":".."}]}
 * Numbers are strings: 64 bits do not survive a double. */
#include "base/json_writer.h"
#include "base/num.h"
#include "engine/state/checkpoint.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { FORMAT_VERSION = 1 };

static const char *const FLAVOURS[] = {
	[GTID_NONE] = "none", [GTID_MARIADB] = "mariadb", [GTID_MYSQL] = "mysql"};

static void put_text(struct buf *out, const char *key, struct slice text)
{
	buf_printf(out, ",\"%s\":", key);
	json_string(out, text);
}

static void put_number(struct buf *out, const char *key, uint64_t v)
{
	buf_printf(out, ",\"%s\":\"%llu\"", key, (unsigned long long)v);
}

/* Write the identity, unless it is unknown. */
static void put_identity(struct buf *out, const struct binlog_identity *identity)
{
	struct buf gtid;
	if (identity->file[0] == '\0')
		return;
	buf_init(&gtid);
	if (identity->gtid.flavour != GTID_NONE)
		gtid_print(&identity->gtid, &gtid);
	buf_put(out, SLICE(",\"identity\":{\"file\":"));
	json_string(out, slice_str(identity->file));
	put_text(out, "born", slice_str(identity->born));
	put_text(out, "gtid", buf_slice(&gtid));
	put_number(out, "offset", identity->offset);
	buf_char(out, '}');
	buf_fini(&gtid);
}

static void put_pending(struct buf *out, const struct position *position)
{
	buf_put(out, SLICE(",\"pending\":["));
	for (size_t i = 0; i < position->npending; i++) {
		const struct pending *pending = &position->pending[i];
		buf_printf(out, "%s{\"kind\":\"%s\"", i > 0 ? "," : "",
			   pending->is_alter ? "alter" : "xa");
		put_text(out, "id", pending->id);
		put_text(out, "file", pending->file);
		put_number(out, "offset", pending->offset);
		put_number(out, "catalog", pending->version);
		buf_char(out, '}');
	}
	buf_put(out, SLICE("]}"));
}

void position_to_json(const struct position *position, struct buf *out)
{
	struct buf gtids;
	buf_init(&gtids);
	gtid_set_print(&position->gtids, &gtids);
	buf_printf(out, "{\"version\":%d", FORMAT_VERSION);
	put_text(out, "server", slice_str(position->server));
	put_text(out, "file", slice_str(position->file));
	put_number(out, "offset", position->offset);
	put_text(out, "flavour", slice_str(FLAVOURS[position->gtids.flavour]));
	put_text(out, "gtid", buf_slice(&gtids));
	put_number(out, "rowOffset", position->row_offset);
	put_number(out, "sequence", position->sequence);
	put_number(out, "commitMs", (uint64_t)position->commit_ms);
	if (position->watermark_ms > 0)
		put_number(out, "watermarkMs", (uint64_t)position->watermark_ms);
	put_identity(out, &position->identity);
	put_pending(out, position);
	buf_fini(&gtids);
}

static const char *text_of(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return text ? text : "";
}

static bool number_of(const cJSON *json, const char *key, uint64_t *v)
{
	return num_parse_u64(slice_str(text_of(json, key)), v);
}

static bool read_pending(struct position *position, const cJSON *list)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		struct pending pending = {
			.is_alter = strcmp(text_of(item, "kind"), "alter") == 0,
			.id = slice_str(text_of(item, "id")),
			.file = slice_str(text_of(item, "file")),
		};
		if (!number_of(item, "offset", &pending.offset) ||
		    !number_of(item, "catalog", &pending.version))
			return false;
		position_pending_add(position, &pending);
	}
	return true;
}

/* Read the identity. A checkpoint of version 0.1.0 has none. */
static int read_identity(struct position *position, const cJSON *json, struct err *err)
{
	struct binlog_identity *identity = &position->identity;
	struct slice gtid;
	if (!cJSON_IsObject(json))
		return 0;
	snprintf(identity->file, sizeof(identity->file), "%s", text_of(json, "file"));
	snprintf(identity->born, sizeof(identity->born), "%s", text_of(json, "born"));
	gtid = slice_str(text_of(json, "gtid"));
	if (!number_of(json, "offset", &identity->offset))
		return err_set(err, E_CHECKPOINT_RECORD,
			       "the position record has an incomplete identity of its binlog");
	if (gtid.len == 0 || position->gtids.flavour == GTID_NONE)
		return 0;
	return gtid_parse(&identity->gtid, position->gtids.flavour, gtid, err);
}

static int read_gtids(struct position *position, const cJSON *json, struct err *err)
{
	const char *flavour = text_of(json, "flavour");
	for (unsigned i = 0; i < sizeof(FLAVOURS) / sizeof(*FLAVOURS); i++) {
		if (strcmp(flavour, FLAVOURS[i]) != 0)
			continue;
		gtid_set_fini(&position->gtids);
		gtid_set_init(&position->gtids, (enum gtid_flavour)i);
		if (i == GTID_NONE)
			return 0;
		return gtid_set_parse(&position->gtids, slice_str(text_of(json, "gtid")), err);
	}
	return err_set(err, E_CHECKPOINT_RECORD,
		       "the position record has GTIDs of an unknown flavour '%s'", flavour);
}

int position_from_item(struct position *position, const cJSON *json, struct err *err)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "version");
	uint64_t commit_ms = 0, watermark_ms = 0;
	if (!cJSON_IsNumber(version) || version->valueint != FORMAT_VERSION)
		return err_set(err, E_CHECKPOINT_VERSION,
			       "the position record is not of format version %d: it was written by "
			       "another version of tideway. Use that version",
			       FORMAT_VERSION);
	snprintf(position->server, sizeof(position->server), "%s", text_of(json, "server"));
	snprintf(position->file, sizeof(position->file), "%s", text_of(json, "file"));
	if (!number_of(json, "offset", &position->offset) ||
	    !number_of(json, "rowOffset", &position->row_offset) ||
	    !number_of(json, "sequence", &position->sequence) ||
	    !number_of(json, "commitMs", &commit_ms) ||
	    !read_pending(position, cJSON_GetObjectItemCaseSensitive(json, "pending")))
		return err_set(err, E_CHECKPOINT_RECORD, "the position record is incomplete");
	if (cJSON_HasObjectItem(json, "watermarkMs") &&
	    !number_of(json, "watermarkMs", &watermark_ms))
		return err_set(err, E_CHECKPOINT_RECORD,
			       "the position record has a damaged watermark");
	position->commit_ms = (int64_t)commit_ms;
	position->watermark_ms = (int64_t)watermark_ms;
	if (read_gtids(position, json, err) < 0)
		return -1;
	return read_identity(position, cJSON_GetObjectItemCaseSensitive(json, "identity"), err);
}

int position_from_json(struct position *position, struct slice text, struct err *err)
{
	cJSON *json = cJSON_ParseWithLength(text.ptr, text.len);
	int rc;
	if (json == NULL)
		return err_set(err, E_CHECKPOINT_RECORD, "the position record is not valid JSON");
	rc = position_from_item(position, json, err);
	cJSON_Delete(json);
	return rc;
}
