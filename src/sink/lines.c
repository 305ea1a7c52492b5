/* lines: a sink that writes one line for each message. On a terminal the line is readable
 * (model/message_line.h); elsewhere it is
 * {"topic":"t","partition":0,"key":"1","headers":{"h":"v"},"value":...}. A value that begins with
 * '{' or '[' is JSON text and is written unchanged; any other becomes a JSON string, and a
 * tombstone null. Bytes of keys and strings that are not UTF-8 are written as U+FFFD. Lines of
 * several lanes do not mix. */
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "model/message_line.h"
#include "sink/sink_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINES_FLUSH = 65536, /* bytes collected before they are written */
	SYNC_MS = 200,
};

struct pending {
	uint64_t token;
	unsigned n;
};

struct lines_sink {
	struct sink sink;
	int fd;
	const char *path;        /* for messages */
	bool is_file;            /* neither pipe nor terminal: it can be synced to disk */
	bool readable;           /* write readable lines */
	bool colour;             /* write them in colours */
	int64_t synced_ms;       /* monotonic time of the last sync */
	struct buf out;          /* whole lines that are not written yet */
	struct pending *pending; /* the messages of these lines, in order */
	size_t npending, cap;
};

/* several lanes may write to one file */
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

static struct lines_sink *of(struct sink *sink)
{
	return (struct lines_sink *)sink;
}

/* ---- text ---- */

/* Return how many bytes at the start of the text are whole UTF-8 characters. */
static size_t utf8_run(const unsigned char *at, size_t left)
{
	size_t run = 0;
	for (size_t n; run < left && (n = utf8_length(at + run, left - run, 4)) > 0;)
		run += n;
	return run;
}

static void put_string(struct buf *out, struct slice s)
{
	if (s.ptr == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	buf_char(out, '"');
	for (;;) {
		size_t run = utf8_run((const unsigned char *)s.ptr, s.len);
		json_text_numbered(out, slice_of(s.ptr, run));
		if (run == s.len)
			break;
		buf_put(out, SLICE("\xef\xbf\xbd"));
		s = slice_of(s.ptr + run + 1, s.len - run - 1);
	}
	buf_char(out, '"');
}

/* Line ends inside a JSON text are white space. */
static void put_json(struct buf *out, struct slice s)
{
	size_t start = out->len;
	buf_put(out, s);
	for (char *at = out->ptr + start;
	     (at = memchr(at, '\n', (size_t)(out->ptr + out->len - at)));)
		*at = ' ';
	for (char *at = out->ptr + start;
	     (at = memchr(at, '\r', (size_t)(out->ptr + out->len - at)));)
		*at = ' ';
}

static void put_value(struct buf *out, struct slice value)
{
	if (value.len != 0 && (value.ptr[0] == '{' || value.ptr[0] == '['))
		put_json(out, value);
	else
		put_string(out, value);
}

static void put_headers(struct buf *out, const struct header *headers, unsigned n)
{
	buf_put(out, SLICE(",\"headers\":{"));
	for (unsigned i = 0; i < n; i++) {
		if (i != 0)
			buf_char(out, ',');
		put_string(out, headers[i].name);
		buf_char(out, ':');
		put_string(out, headers[i].value);
	}
	buf_char(out, '}');
}

static void put_message(struct buf *out, const struct outgoing *outgoing)
{
	buf_put(out, SLICE("{\"topic\":"));
	put_string(out, outgoing->topic->info.name);
	buf_put(out, SLICE(",\"partition\":"));
	json_i64(out, outgoing->partition);
	buf_put(out, SLICE(",\"key\":"));
	put_string(out, outgoing->message->key);
	if (outgoing->message->nheaders != 0)
		put_headers(out, outgoing->message->headers, outgoing->message->nheaders);
	buf_put(out, SLICE(",\"value\":"));
	put_value(out, outgoing->message->value);
	buf_put(out, SLICE("}\n"));
}

static void put_readable(struct buf *out, const struct outgoing *outgoing, bool colour)
{
	struct message line = *outgoing->message;
	line.topic = outgoing->topic->info.name;
	message_line_put(out, &line, colour);
	for (unsigned i = 0; i < outgoing->message->nheaders; i++)
		message_line_put_header(out, outgoing->message->headers[i].name,
					outgoing->message->headers[i].value, colour);
	buf_char(out, '\n');
}

/* ---- output ---- */

static int write_all(int fd, struct slice s)
{
	while (s.len != 0) {
		ssize_t n = write(fd, s.ptr, s.len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			s = slice_of(s.ptr + n, s.len - (size_t)n);
	}
	return 0;
}

static void acknowledge(struct lines_sink *lines)
{
	for (size_t i = 0; i < lines->npending; i++)
		for (unsigned n = lines->pending[i].n; n != 0; n--)
			sink_count_acked(&lines->sink, lines->pending[i].token);
	lines->npending = 0;
	lines->sink.in_flight = 0;
	sink_tell(&lines->sink);
}

static void fail(struct lines_sink *lines)
{
	struct err err = ERR_INIT;
	err_set(&err, E_OUTPUT, "%s: cannot write: %s", lines->path, strerror(errno));
	sink_set_poison(&lines->sink, &err);
}

/* Acknowledge what was written once it is on the disk, since the position may then advance: at
 * once, or at most every SYNC_MS. */
static void sync_out(struct lines_sink *lines, bool now)
{
	int64_t mono_ms = clock_mono_ms();
	if (lines->is_file) {
		if (!now && mono_ms - lines->synced_ms < SYNC_MS)
			return;
		if (fdatasync(lines->fd) < 0) {
			fail(lines);
			return;
		}
		lines->synced_ms = mono_ms;
	}
	acknowledge(lines);
}

static void write_out(struct lines_sink *lines, bool now)
{
	int result;
	if (lines->sink.in_flight == 0 || lines->sink.poison.code != ERR_NONE)
		return;
	pthread_mutex_lock(&lines_lock);
	if (lines->readable)
		log_hide_status();
	result = write_all(lines->fd, buf_slice(&lines->out));
	if (lines->readable)
		log_show_status();
	pthread_mutex_unlock(&lines_lock);
	buf_clear(&lines->out);
	if (result < 0)
		fail(lines);
	else
		sync_out(lines, now);
}

static void remember(struct lines_sink *lines, uint64_t token)
{
	if (lines->npending != 0 && lines->pending[lines->npending - 1].token == token) {
		lines->pending[lines->npending - 1].n++;
		return;
	}
	if (lines->npending == lines->cap) {
		lines->cap = lines->cap ? lines->cap * 2 : 64;
		lines->pending = mem_resize(lines->pending, lines->cap, sizeof(*lines->pending));
	}
	lines->pending[lines->npending++] = (struct pending){token, 1};
}

static int lines_send(struct sink *sink, const struct outgoing *outgoing, struct err *err)
{
	struct lines_sink *lines = of(sink);
	if (lines->readable)
		put_readable(&lines->out, outgoing, lines->colour);
	else
		put_message(&lines->out, outgoing);
	remember(lines, outgoing->token);
	sink->in_flight++;
	if (lines->out.len >= LINES_FLUSH)
		write_out(lines, false);
	if (sink->poison.code == ERR_NONE)
		return 0;
	*err = sink->poison;
	return -1;
}

static void lines_poll(struct sink *sink, int timeout_ms)
{
	if (sink->in_flight == 0)
		sink_local_wait(timeout_ms);
	write_out(of(sink), timeout_ms > 0);
}

static void lines_flush(struct sink *sink, int timeout_ms)
{
	(void)timeout_ms;
	write_out(of(sink), true);
}

static void lines_purge(struct sink *sink)
{
	buf_clear(&of(sink)->out);
	of(sink)->npending = 0;
	sink->in_flight = 0;
}

static void lines_free(struct sink *sink)
{
	struct lines_sink *lines = of(sink);
	sink->acked = NULL; /* the window may have been freed */
	write_out(lines, true);
	if (lines->fd != STDOUT_FILENO)
		close(lines->fd);
	buf_fini(&lines->out);
	free(lines->pending);
	free(lines);
}

static const struct sink_ops lines_ops = {
	.topic = sink_local_topic,
	.exist = sink_local_exist,
	.send = lines_send,
	.poll = lines_poll,
	.flush = lines_flush,
	.purge = lines_purge,
	.forget = sink_local_forget,
	.free = lines_free,
};

struct sink *sink_lines_new(const struct sink_config *config, struct err *err)
{
	struct stat status;
	int fd = STDOUT_FILENO;
	if (config->file != NULL)
		fd = open(config->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_set(err, E_OUTPUT, "%s: cannot open for writing: %s", config->file,
			strerror(errno));
		return NULL;
	}
	struct lines_sink *lines = mem_array(1, sizeof(*lines));
	lines->sink.ops = &lines_ops;
	lines->fd = fd;
	lines->path = config->file ? config->file : "standard output";
	lines->is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	lines->readable = !config->raw && terminal_is(fd);
	lines->colour = terminal_has_colour(fd);
	map_init(&lines->sink.topics);
	buf_init(&lines->out);
	return &lines->sink;
}
