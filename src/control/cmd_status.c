/* cmd_status: `tideway status` and `tideway tables`: print what a running process reports. */
#include "base/clock.h"
#include "base/terminal.h"
#include "control/admin_client.h"
#include "control/status_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WATCH_MS = 1000 };

#define REDRAW_BEGIN "\033[H"  /* the cursor to the first line */
#define REDRAW_LINE "\033[K\n" /* clear the rest of a line */
#define REDRAW_END "\033[J"    /* clear all lines below */

/* What to show. */
struct view {
	const struct admin_client *client;
	const struct arguments *arguments;
	const char *path; /* of the request */
	void (*write)(const cJSON *json, const char *only, struct buf *out);
};

/* Write the answer as it is, or what the view makes of it. */
static int ask(const struct view *view, struct buf *out, struct err *err)
{
	struct buf text;
	cJSON *json;
	buf_init(&text);
	json = admin_client_ask(view->client, "GET", view->path, NULL, &text, err);
	if (json && view->arguments->json)
		buf_printf(out, "%.*s\n", SLICE_FMT(buf_slice(&text)));
	else if (json)
		view->write(json, view->arguments->sync, out);
	cJSON_Delete(json);
	buf_fini(&text);
	return json ? 0 : -1;
}

/* Draw a page over the one before it, without an empty screen in between. Longer lines than the terminal's would push the first
 * ones out of it. */
static void redraw(struct slice page)
{
	fputs(REDRAW_BEGIN, stdout);
	while (page.len > 0) {
		const char *end = memchr(page.ptr, '\n', page.len);
		size_t len = end ? (size_t)(end - page.ptr) : page.len;
		size_t shown = terminal_fit(STDOUT_FILENO, slice_of(page.ptr, len));
		fwrite(page.ptr, 1, shown, stdout);
		fputs(REDRAW_LINE, stdout);
		len += end != NULL;
		page = slice_of(page.ptr + len, page.len - len);
	}
	fputs(REDRAW_END, stdout);
}

static int show(const struct view *view, bool redraws, struct err *err)
{
	struct buf page;
	int rc;
	buf_init(&page);
	rc = ask(view, &page, err);
	if (rc == 0 && redraws)
		redraw(buf_slice(&page));
	else if (rc == 0)
		fwrite(page.ptr, 1, page.len, stdout);
	fflush(stdout);
	buf_fini(&page);
	return rc;
}

/* With --watch, show it every second until the process ends or the user interrupts. */
static int show_repeatedly(const struct view *view, struct err *err)
{
	bool redraws =
		view->arguments->watch && !view->arguments->json && terminal_is(STDOUT_FILENO);
	for (;;) {
		if (show(view, redraws, err) < 0)
			return -1;
		if (!view->arguments->watch)
			return 0;
		clock_pause(WATCH_MS);
	}
}

/* Fail if the process has no such sync. */
static int check_sync(const struct admin_client *client, const char *name, struct err *err)
{
	char path[128];
	cJSON *json;
	if (name == NULL)
		return 0;
	snprintf(path, sizeof(path), "/syncs/%s", name);
	json = admin_client_ask(client, "GET", path, NULL, NULL, err);
	cJSON_Delete(json);
	return json ? 0 : -1;
}

int command_status(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	struct view view = {&client, arguments, "/status", status_text_page};
	if (arguments->watch && !terminal_is(STDOUT_FILENO))
		view.write = status_text_lines;
	if (admin_client_open(&client, arguments, 0, err) < 0 ||
	    check_sync(&client, arguments->sync, err) < 0)
		return -1;
	return show_repeatedly(&view, err);
}

int command_tables(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	char path[128];
	const struct view view = {&client, arguments, path, status_text_tables};
	if (admin_client_open(&client, arguments, 0, err) < 0 ||
	    admin_client_choose(&client, arguments, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/syncs/%s/tables", client.sync);
	return show_repeatedly(&view, err);
}
