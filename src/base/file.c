#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_CHUNK = 65536 }; /* bytes of one read */

static int fail(struct err *err, const char *path, const char *what)
{
	return err_set(err, E_FILE, "%s: cannot %s: %s", path, what, strerror(errno));
}

static int read_all(int fd, struct buf *buf)
{
	for (;;) {
		ssize_t n = read(fd, buf_reserve(buf, FILE_CHUNK), FILE_CHUNK);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		buf->len += n > 0 ? (size_t)n : 0;
	}
}

int file_read(const char *path, struct buf *buf, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, path, "open");
	size_t before = buf->len;
	int result = read_all(fd, buf);
	if (result != 0) {
		fail(err, path, "read");
		buf->len = before;
	}
	close(fd);
	return result;
}

static int write_all(int fd, struct slice content)
{
	while (content.len != 0) {
		ssize_t n = write(fd, content.ptr, content.len);
		if (n < 0 && errno != EINTR)
			return -1;
		content = slice_of(content.ptr + (n > 0 ? n : 0),
				   content.len - (n > 0 ? (size_t)n : 0));
	}
	return 0;
}

static int write_synced(const char *path, struct slice content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	int result = write_all(fd, content) == 0 && fsync(fd) == 0 ? 0 : -1;
	int saved = errno;
	if (close(fd) != 0)
		return -1;
	errno = saved;
	return result;
}

/* Syncs the directory of the file. Without that a rename in it is not durable. */
static int sync_directory(const char *path)
{
	struct buf dir;
	buf_init(&dir);
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		buf_put(&dir, SLICE("."));
	else
		buf_append(&dir, path, slash == path ? 1 : (size_t)(slash - path));
	int fd = open(buf_cstr(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_fini(&dir);
	if (fd < 0)
		return -1;
	int result = fsync(fd);
	int saved = errno;
	close(fd);
	errno = saved;
	return result;
}

int file_replace(const char *path, struct slice content, struct err *err)
{
	struct buf beside;
	buf_init(&beside);
	buf_printf(&beside, "%s.new", path);
	int result = 0;
	if (write_synced(buf_cstr(&beside), content) != 0)
		result = fail(err, buf_cstr(&beside), "write");
	else if (rename(buf_cstr(&beside), path) != 0)
		result = fail(err, path, "replace");
	else if (sync_directory(path) != 0)
		result = fail(err, path, "sync the folder of");
	if (result != 0)
		unlink(buf_cstr(&beside));
	buf_fini(&beside);
	return result;
}
