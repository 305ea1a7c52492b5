/* store_file: a store in a file: one JSON object, name -> JSON text as a string. A save writes a
 * new file beside it and renames that over it. The lock is on a file of its own, "<path>.lock",
 * since each save replaces the file itself. */
#include "base/file.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "sink/store/store_priv.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct file_store {
	struct store store;
	char *path;
	int lock; /* descriptor that holds the flock */
};

static struct file_store *of(struct store *store)
{
	return (struct file_store *)store;
}

/* ---- writing ---- */

static const struct store_record *changed(const struct store_record *records, unsigned n,
					  struct slice name)
{
	for (unsigned i = n; i-- != 0;)
		if (slice_equal(records[i].name, name))
			return &records[i];
	return NULL;
}

static void put_pair(struct buf *out, struct slice name, struct slice value)
{
	buf_put(out, out->len > 1 ? SLICE(",\n") : SLICE("\n"));
	json_string_numbered(out, name);
	buf_put(out, SLICE(": "));
	json_string_numbered(out, value);
}

static void print_all(struct buf *out, const struct store *store,
		      const struct store_record *records, unsigned n)
{
	buf_char(out, '{');
	for (size_t i = 0; i < store->nentries; i++)
		if (changed(records, n, store->entries[i].name) == NULL)
			put_pair(out, store->entries[i].name, store->entries[i].value);
	for (unsigned i = 0; i < n; i++)
		if (records[i].value.ptr != NULL &&
		    changed(records, n, records[i].name) == &records[i])
			put_pair(out, records[i].name, records[i].value);
	buf_put(out, SLICE("\n}\n"));
}

static int file_write(struct store *store, const struct store_record *records, unsigned n,
		      struct err *err)
{
	struct buf out;
	buf_init(&out);
	print_all(&out, store, records, n);
	int result = file_replace(of(store)->path, buf_slice(&out), err);
	buf_fini(&out);
	return result;
}

static void file_free(struct store *store)
{
	struct file_store *file = of(store);
	if (file->lock >= 0)
		close(file->lock);
	free(file->path);
	free(file);
}

static const struct store_ops file_ops = {.write = file_write, .free = file_free};

/* ---- reading ---- */

static int bad_file(const char *path, const char *what, struct err *err)
{
	return err_set(err, E_CHECKPOINT_FILE,
		       "%s: %s. Restore the checkpoint file from a copy, or remove it to start "
		       "with a full sync",
		       path, what);
}

static int take_all(struct file_store *file, const cJSON *root, const char *sync, struct err *err)
{
	if (!cJSON_IsObject(root))
		return bad_file(file->path, "is not a JSON object", err);
	for (const cJSON *item = root->child; item != NULL; item = item->next) {
		struct store_record record = {slice_str(item->string),
					      slice_str(item->valuestring)};
		if (!cJSON_IsString(item))
			return bad_file(file->path, "contains a record that is not a string", err);
		if (!store_is_own(sync, record.name))
			return err_set(err, E_CHECKPOINT_OF_OTHER,
				       "%s: belongs to another sync (it contains \"%s\"). Give "
				       "each sync a checkpoint file of its own",
				       file->path, item->string);
		store_apply(&file->store, &record);
	}
	return 0;
}

static int load(struct file_store *file, const char *sync, struct err *err)
{
	struct buf text;
	if (access(file->path, F_OK) != 0 && errno == ENOENT)
		return 0;
	buf_init(&text);
	int result = file_read(file->path, &text, err);
	if (result == 0) {
		const char *end;
		cJSON *root = cJSON_ParseWithLengthOpts(buf_cstr(&text), text.len, &end, 0);
		result = root ? take_all(file, root, sync, err)
			      : bad_file(file->path, "is damaged (no JSON)", err);
		cJSON_Delete(root);
	}
	buf_fini(&text);
	return result;
}

/* Return the descriptor that holds the lock, or -1. */
static int take_lock(const char *path, const char *sync, struct err *err)
{
	struct buf name;
	buf_init(&name);
	buf_printf(&name, "%s.lock", path);
	int fd = open(buf_cstr(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_set(err, E_CHECKPOINT_PATH, "%s: cannot open: %s", buf_cstr(&name),
			strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err_set(err, E_CHECKPOINT_LOCKED,
			"%s: another process runs the sync \"%s\" (it holds the lock on %s)", path,
			sync, buf_cstr(&name));
		close(fd);
		fd = -1;
	}
	buf_fini(&name);
	return fd;
}

static const struct store_ops look_ops = {.write = store_only_looks, .free = file_free};

struct store *store_look_file(const char *path, const char *sync, struct err *err)
{
	struct file_store *file;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return NULL;
	file = mem_array(1, sizeof(*file));
	file->store.ops = &look_ops;
	file->lock = -1;
	file->path = strdup(path);
	if (load(file, sync, err) == 0)
		return &file->store;
	store_free(&file->store);
	return NULL;
}

struct store *store_open_file(const char *path, const char *sync, struct err *err)
{
	int lock = take_lock(path, sync, err);
	if (lock < 0)
		return NULL;
	struct file_store *file = mem_array(1, sizeof(*file));
	file->store.ops = &file_ops;
	file->lock = lock;
	file->path = strdup(path);
	if (load(file, sync, err) != 0) {
		store_free(&file->store);
		return NULL;
	}
	return &file->store;
}
