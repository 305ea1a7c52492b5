"""Labels of ENUM and SET in every character set: of tables that are older than the sync, and from statements in the stream,
under each kind of row metadata. The stream gives the same bytes as the full sync (rule: same-bytes)."""

import base64
import contextlib

import pytest
from support.consume import rows

METADATA = {"mariadb": ("NO_LOG", "MINIMAL", "FULL"), "mysql": ("MINIMAL", "FULL")}
STEP = 100  # ids of one phase: full sync from 0, the first kind of metadata from 100, ...
FACES = [chr(0x1F600 + i) for i in range(70)]  # more labels than one query requests


def b64(*texts):
    return [base64.b64encode(text).decode() for text in texts]


# definition of the column, statements that change it before the sync, values, what the messages have
LABELS = {
    "e4": ("ENUM('😀','x','?','a?😂','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [], [1, 2, 3, 4, 5],
           ["😀", "x", "?", "a?😂", ""]),
    "s4": ("SET('😀','?','😂') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [], [1, 5, 7], ["😀", "😀,😂", "😀,?,😂"]),
    "many": ("ENUM({}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin".format(",".join(f"'{f}'" for f in FACES)), [],
             [1, 64, 65, 70], [FACES[0], FACES[63], FACES[64], FACES[69]]),
    "e16": ("ENUM('😀','ä','''\\\\') CHARACTER SET utf16", [], [1, 2, 3], ["😀", "ä", "'\\"]),
    "sj": ("SET('表','ソ','ä') CHARACTER SET sjis", [], [1, 3, 4], ["表", "表,ソ", "?"]),
    # other binary columns are base64, and so are these, even labels that are text
    "bt": ("ENUM('a','ä') CHARACTER SET binary", [], [1, 2], b64(b"a", "ä".encode())),
    "bb": ("ENUM('ä','ö','b') CHARACTER SET latin1", ["ALTER TABLE bb CONVERT TO CHARACTER SET binary"], [1, 2, 3],
           b64(b"\xe4", b"\xf6", b"b")),
    "bx": ("ENUM('a',x'ff',x'e4') CHARACTER SET binary", [], [1, 2, 3], b64(b"a", b"\xff", b"\xe4")),
    # the servers keep the bytes of labels: these are not UTF-8
    "bad": ("ENUM('ä','b') CHARACTER SET latin1", ["ALTER TABLE bad CONVERT TO CHARACTER SET utf8mb4"], [1, 2], ["?", "b"]),
}
# MySQL has no such SET
LABELS_MARIADB = {"bs": ("SET(x'e4','b',x'ff') CHARACTER SET binary", [], [1, 2, 7], b64(b"\xe4", b"b", b"\xe4,b,\xff"))}
LABELS_MYSQL = {"gb": ("ENUM('😀','中') CHARACTER SET gb18030", [], [1, 2], ["😀", "中"])}

# in the stream: the client's character set, the statements, what a row with label 1 has
STATEMENTS = {
    "c4": ("utf8mb4", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('😀','x') CHARACTER SET utf8mb4)", "😀"),
    "l1": ("latin1", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('ä','x') CHARACTER SET utf8mb4)", "ä"),
    "gbk": ("gbk", "CREATE TABLE T (id INT PRIMARY KEY, c SET('表','x') CHARACTER SET utf8mb4)", "表"),
    "sjis": ("sjis", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('表','x') CHARACTER SET gbk)", "表"),
    "lost": ("utf8mb4", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('ж','x') CHARACTER SET latin1)", "?"),
    "hex": ("utf8mb4", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM(x'e4',x'f6') CHARACTER SET latin1)", "ä"),
    "bin": ("latin1", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('ä','x') CHARACTER SET binary)", b64(b"\xe4")[0]),
    "conv": ("utf8mb4", "CREATE TABLE T (id INT PRIMARY KEY, c ENUM('ä','x') CHARACTER SET latin1);"
             "ALTER TABLE T CONVERT TO CHARACTER SET binary", b64(b"\xe4")[0]),
    "add": ("sjis", "CREATE TABLE T (id INT PRIMARY KEY);ALTER TABLE T ADD c ENUM('ソ') CHARACTER SET utf8mb4", "ソ"),
}
PYTHON = {"utf8mb4": "utf-8", "latin1": "latin-1", "gbk": "gbk", "sjis": "shift_jis"}


def run_in(connection, charset, statements):
    """As a client of that character set sends them."""
    connection.query(f"SET NAMES {charset}")
    for statement in statements.split(";"):
        connection.query(statement.encode(PYTHON[charset]))
    connection.query("SET NAMES utf8mb4")


def insert(connection, table, first, values):
    listed = ",".join(f"({first + i}, {value})" for i, value in enumerate(values))
    connection.query(f"INSERT INTO {table} VALUES {listed}")


@pytest.mark.parametrize("kind", METADATA)
def test_labels(request, sync_on, kafka, unique, kind):
    server = request.getfixturevalue(kind)
    labels = LABELS | (LABELS_MARIADB if kind == "mariadb" else LABELS_MYSQL)
    server.run(f"CREATE DATABASE `{unique}` CHARACTER SET utf8mb4")
    with contextlib.closing(server.connect(database=unique)) as connection:
        connection.query("SET sql_mode = ''")
        for name, (definition, changes, values, _) in labels.items():
            connection.query(f"CREATE TABLE {name} (id INT PRIMARY KEY, c {definition})")
            for change in changes:
                connection.query(change)
            insert(connection, name, 0, values)
        running = sync_on(server, kafka, [f"{unique}.*"], "topics = { partitions = 1 },").start()
        running.wait_streaming()
        made = {}
        for step, metadata in enumerate(METADATA[kind], 1):
            with server.globals(binlog_row_metadata=metadata):
                for name, (_, _, values, _) in labels.items():
                    insert(connection, name, step * STEP, values)
                for name, (charset, statements, expected) in STATEMENTS.items():
                    table = f"{name}_{metadata.lower()}"
                    run_in(connection, charset, statements.replace(" T ", f" {table} "))
                    insert(connection, table, 1, [1])
                    made[table] = expected
        phases = 1 + len(METADATA[kind])
        last = list(made)[-1]
        running.until(f"{unique}.{last}", rows, "the last row")
        assert running.stop() == 0
    found = {}
    for message in rows(running.reader(*(f"{unique}.{name}" for name in [*labels, *made])).to_end()):
        found.setdefault(message.table[1], {})[int(message.key)] = message
    for name, (definition, _, values, expected) in labels.items():
        messages = found[name]
        assert len(messages) == phases * len(values), name
        binary = name.startswith("b") and name != "bad"
        for key, message in messages.items():
            assert message.full == (key < STEP)
            assert message.types["c"] == ("BYTES" if binary else "STRING"), name
            assert message.after["c"] == expected[key % STEP], (name, definition[:40], key)
    for table, expected in made.items():
        assert found[table][1].after["c"] == expected, table
    server.run(f"DROP DATABASE `{unique}`")
