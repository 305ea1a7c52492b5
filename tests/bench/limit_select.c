/* limit_select PORT DB TABLE text|binary: measures how fast the server sends all rows of a table to one client that
 * discards them: by the text protocol with a client library (use_result), or by raw packets of the binary protocol. */
#include "bench/bench.h"

#include <mysql.h>
#include <string.h>

#include "schema/catalog.h"
#include "source/catalog_load.h"
#include "source/chunk.h"

static int select_text(const char *port, const char *db, const char *table)
{
	char sql[300];
	uint64_t rows = 0, bytes = 0;
	int64_t began = clock_mono_ns();
	MYSQL *mysql = mysql_init(NULL);
	MYSQL_RES *result;
	snprintf(sql, sizeof(sql), "SELECT * FROM `%s`.`%s`", db, table);
	if (!mysql_real_connect(mysql, "127.0.0.1", "root", "", NULL,
				(unsigned)strtoul(port, NULL, 10), NULL, 0) ||
	    mysql_query(mysql, sql) || (result = mysql_use_result(mysql)) == NULL) {
		fprintf(stderr, "%s\n", mysql_error(mysql));
		return 1;
	}
	while (mysql_fetch_row(result)) {
		const unsigned long *lengths = mysql_fetch_lengths(result);
		for (unsigned i = 0; i < mysql_num_fields(result); i++)
			bytes += lengths[i];
		rows++;
	}
	bench_print(rows, bytes, began);
	mysql_free_result(result);
	mysql_close(mysql);
	return 0;
}

static int read_rows(struct conn *conn, const struct table *table, int64_t began, struct err *err)
{
	struct chunk chunk;
	struct slice packet;
	uint64_t rows = 0, bytes = 0;
	int rc;
	if (chunk_open(&chunk, conn, &(struct chunk_query){.table = table}, err) < 0)
		return -1;
	while ((rc = chunk_read(&chunk, &packet, err)) == 1) {
		bytes += packet.len;
		rows++;
	}
	if (rc == 0)
		bench_print(rows, bytes, began);
	chunk_fini(&chunk);
	return rc;
}

static int select_binary(const char *port, const char *db, const char *name)
{
	struct err err = ERR_INIT;
	struct source_config config = bench_config(port);
	struct source *source = source_new(&config);
	struct catalog *catalog = catalog_new(0);
	const struct table *table = NULL;
	struct conn *control = conn_open(source, CONN_CONTROL, &err);
	struct conn *reader = control ? conn_open(source, CONN_READER, &err) : NULL;
	int rc = -1;
	if (reader && catalog_load_database(catalog, control, slice_str(db), &err) == 0) {
		table = catalog_find(catalog, slice_str(db), slice_str(name));
		rc = table ? read_rows(reader, table, clock_mono_ns(), &err)
			   : err_set(&err, E_COMMAND_TABLE, "no table %s.%s", db, name);
	}
	conn_free(reader);
	conn_free(control);
	source_free(source);
	catalog_free(catalog);
	return rc < 0 ? bench_fail(&err) : 0;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: limit_select PORT DB TABLE text|binary\n");
		return 2;
	}
	if (strcmp(argv[4], "text") == 0)
		return select_text(argv[1], argv[2], argv[3]);
	return select_binary(argv[1], argv[2], argv[3]);
}
