#include "unit.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tideway-file-XXXXXX";
static char path[128];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void assert_content(const char *text, size_t len)
{
	struct buf buf;
	struct err err = ERR_INIT;
	buf_init(&buf);
	assert_int_equal(file_read(path, &buf, &err), 0);
	assert_int_equal(buf.len, len);
	assert_memory_equal(buf_cstr(&buf), text, len);
	buf_fini(&buf);
}

static void replace_then_read(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_int_equal(file_replace(path, SLICE("one"), &err), 0);
	assert_content("one", 3);
	assert_int_equal(file_replace(path, slice_of("a\0b", 3), &err), 0);
	assert_content("a\0b", 3);
	assert_int_equal(file_replace(path, slice_of(NULL, 0), &err), 0);
	assert_content("", 0);
}

static void large_content_and_append(void **state)
{
	(void)state;
	enum { N = 300000 };
	struct err err = ERR_INIT;
	struct buf out, in;
	buf_init(&out);
	buf_init(&in);
	for (unsigned i = 0; i < N; i++)
		buf_char(&out, (char)(i * 7));
	assert_int_equal(file_replace(path, buf_slice(&out), &err), 0);
	buf_put(&in, SLICE("head"));
	assert_int_equal(file_read(path, &in, &err), 0);
	assert_int_equal(in.len, N + 4);
	assert_memory_equal(in.ptr, "head", 4);
	assert_memory_equal(in.ptr + 4, out.ptr, N);
	buf_fini(&in);
	buf_fini(&out);
}

static void errors_name_path_and_reason(void **state)
{
	(void)state;
	struct buf buf;
	struct err err = ERR_INIT;
	buf_init(&buf);
	assert_int_equal(file_read("/nonexistent/x", &buf, &err), -1);
	assert_string_equal(err.text, "/nonexistent/x: cannot open: No such file or directory");
	assert_int_equal(file_read(folder, &buf, &err), -1);
	assert_non_null(strstr(err.text, "cannot read: Is a directory"));
	assert_int_equal(buf.len, 0);
	assert_int_equal(file_replace("/nonexistent/x", SLICE("a"), &err), -1);
	assert_non_null(strstr(err.text, "/nonexistent/x.new: cannot write"));
	buf_fini(&buf);
}

/* A failed replacement leaves no file beside the path. */
static void failed_replace_leaves_the_old_one(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	char inner[160], beside[160];
	snprintf(inner, sizeof(inner), "%s/dir", folder);
	snprintf(beside, sizeof(beside), "%s/dir.new", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(file_replace(inner, SLICE("x"), &err), -1);
	assert_non_null(strstr(err.text, "cannot replace"));
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(rmdir(inner), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replace_then_read),
		cmocka_unit_test(large_content_and_append),
		cmocka_unit_test(errors_name_path_and_reason),
		cmocka_unit_test(failed_replace_leaves_the_old_one),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
