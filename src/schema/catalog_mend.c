/* catalog_mend: repairs labels of ENUM and SET that version 0.1.0 saved as information_schema shows
 * them. */
#include "schema/catalog_priv.h"

static size_t run_of(struct slice text, size_t at, bool (*is)(unsigned char))
{
	size_t n = 0;
	while (at + n < text.len && is((unsigned char)text.ptr[at + n]))
		n++;
	return n;
}

static bool is_mark(unsigned char c)
{
	return c == '?';
}

static bool is_hidden(unsigned char c)
{
	return c == '?' || c >= 0x80;
}

/* Returns whether COLUMN_TYPE may show the label as `shown`: with '?' for characters that it cannot
 * show, or as an empty label. */
static bool may_be(struct slice shown, struct slice label)
{
	size_t i = 0, j = 0;
	if (shown.len == 0)
		return run_of(label, 0, is_hidden) == label.len;
	while (i < shown.len && j < label.len) {
		if (shown.ptr[i] == label.ptr[j]) {
			i++, j++;
			continue;
		}
		size_t marks = run_of(shown, i, is_mark), hidden = run_of(label, j, is_hidden);
		if (marks == 0 || hidden == 0)
			return false;
		i += marks;
		j += hidden;
	}
	return i == shown.len && j == label.len;
}

/* Compares a saved column with a fresh one. Returns <0: another column; 0: the same; >0: the same
 * column, but the saved labels are not complete. */
static int compare_labels(const struct column *saved, const struct column *fresh)
{
	bool same = true;
	if (!slice_equal(saved->name, fresh->name) || saved->type != fresh->type ||
	    saved->charset != fresh->charset || saved->nlabels != fresh->nlabels)
		return -1;
	for (unsigned i = 0; i < saved->nlabels; i++) {
		if (slice_equal(saved->labels[i], fresh->labels[i]))
			continue;
		if (!may_be(saved->labels[i], fresh->labels[i]))
			return -1;
		same = false;
	}
	return same ? 0 : 1;
}

static bool mend(struct draft *draft, const struct table *saved, const struct table *fresh)
{
	bool mended = false;
	if (saved->ncolumns != fresh->ncolumns)
		return false;
	for (unsigned i = 0; i < saved->ncolumns; i++) {
		int order = compare_labels(&saved->columns[i], &fresh->columns[i]);
		if (order < 0)
			return false;
		if (order == 0)
			continue;
		draft->columns[i].column.labels = fresh->columns[i].labels;
		draft->columns[i].column.sql_type = fresh->columns[i].sql_type;
		mended = true;
	}
	return mended;
}

bool catalog_lacks_labels(const struct catalog *catalog)
{
	return catalog->lacks_labels;
}

void catalog_mend_labels(struct catalog *catalog, const struct catalog *fresh)
{
	const struct table *saved;
	size_t at = 0;
	while ((saved = catalog_next(catalog, &at)) != NULL) {
		const struct table *now = catalog_find(fresh, saved->db, saved->name);
		struct draft draft;
		if (now == NULL)
			continue;
		arena_reset(&catalog->scratch);
		draft_from_table(&draft, &catalog->scratch, saved);
		if (mend(&draft, saved, now))
			catalog_publish_version(catalog, &draft, saved->version);
	}
}
