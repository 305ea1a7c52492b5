"""Tables of all types and a writer that changes them, for test_blackbox.py; and simple writers."""

import contextlib
import random
import re
import threading


# each: the SQL of the key columns, their names, and a function that returns the literals of key n
KEYS = [
    ("k INT NOT NULL", ("k",), lambda n: (str(n - 1000),)),
    ("k BIGINT UNSIGNED NOT NULL", ("k",), lambda n: (str(18446744073709551615 - n),)),
    ("k VARCHAR(40) COLLATE utf8mb4_bin NOT NULL", ("k",), lambda n: (f"'kéy \\\"{n}\\\\'",)),
    ("k VARCHAR(40) NOT NULL", ("k",), lambda n: (f"'{'Key' if n % 2 else 'kEY'} {n}'",)),
    ("k INT NOT NULL, l VARCHAR(20) NOT NULL", ("k", "l"), lambda n: (str(n // 3), f"'p{n % 3}'")),
    ("k DECIMAL(12,2) NOT NULL", ("k",), lambda n: (f"{n}.{n % 100:02d}",)),
    ("k VARBINARY(16) NOT NULL", ("k",), lambda n: (f"x'{n:08x}00'",)),
    ("k DATETIME(3) NOT NULL", ("k",), lambda n: (f"'2020-01-01 00:{n // 60 % 60:02d}:{n % 60:02d}.{n // 3600:03d}'",)),
    (
        "k SMALLINT NOT NULL, l ENUM('x','y','z') NOT NULL, m DATE NOT NULL",
        ("k", "l", "m"),
        lambda n: (str(n % 1000), f"'{'xyz'[n // 1000 % 3]}'", f"'2024-01-{n // 3000 % 28 + 1:02d}'"),
    ),
    ("k MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT", ("k",), lambda n: (str(n + 1),)),
]


class Target:
    """A table: its columns with their possible literals, and the keys of its rows."""

    def __init__(self, number, columns, engine):
        self.name = f"b{number:02d}"
        self.engine = engine
        self.key_sql, self.key_columns, self.key = KEYS[number % len(KEYS)]
        self.columns = {f"c{i}": (sql, values) for i, (sql, values) in enumerate(columns)}
        self.next = 1
        self.live = set()

    def create(self):
        columns = ", ".join(f"{name} {sql}" for name, (sql, _) in self.columns.items())
        return (
            f"CREATE TABLE {self.name} ({self.key_sql}, touched INT NOT NULL DEFAULT 0, {columns},"
            f" PRIMARY KEY ({', '.join(self.key_columns)})) ENGINE={self.engine}"
        )

    def where(self, n):
        return " AND ".join(f"{c} = {v}" for c, v in zip(self.key_columns, self.key(n)))

    def fresh(self):
        self.next += 1
        return self.next - 1

    def insert(self, random_, numbers, verb="INSERT"):
        names = [*self.key_columns, *self.columns]
        rows = ", ".join(
            "(" + ", ".join([*self.key(n), *(self.value(random_, c) for c in self.columns)]) + ")" for n in numbers
        )
        return f"{verb} INTO {self.name} ({', '.join(names)}) VALUES {rows}"

    def value(self, random_, column):
        values = self.columns[column][1]
        return "NULL" if random_.random() < 0.15 else random_.choice(values)

    def update(self, random_, n):
        chosen = random_.sample(sorted(self.columns), random_.randint(0, len(self.columns)))
        sets = ", ".join(["touched = touched + 1", *(f"{c} = {self.value(random_, c)}" for c in chosen)])
        return f"UPDATE {self.name} SET {sets} WHERE {self.where(n)}"

    def move(self, old, new):
        sets = ", ".join(f"{c} = {v}" for c, v in zip(self.key_columns, self.key(new)))
        return f"UPDATE {self.name} SET {sets}, touched = touched + 1 WHERE {self.where(old)}"

    def delete(self, n):
        return f"DELETE FROM {self.name} WHERE {self.where(n)}"


def shorten(literal):
    """Shorten a long text: the black-box test needs many rows, and not large ones."""
    return re.sub(r"(REPEAT\(.*, )(\d+)\)", lambda m: f"{m[1]}{min(int(m[2]), 300)})", literal)


def targets(cases, count=30):
    """Return `count` tables that together have every type of `cases`.

    Up to three of them have an engine without transactions."""
    engines = {7: "MyISAM", 17: "MyISAM", 27: "MyISAM"}
    made = []
    for number in range(count):
        columns = [(sql, [shorten(v) for v in values]) for sql, values in cases[number::count]]
        made.append(Target(number, columns, engines.get(number, "InnoDB")))
    return made


class Writer(threading.Thread):
    """Writes until stop(). The seed determines its statements. An error ends it: see `failure`."""

    def __init__(self, database, db, tables, seed, ddl=()):
        super().__init__(daemon=True)
        self.database = database
        self.db = db
        self.tables = tables
        self.random = random.Random(seed)
        self.ddl = list(ddl)  # statements to execute once each, spread over the run
        self.steps = 0
        self.failure = None
        self._stop_now = threading.Event()
        self.connection = database.connect(
            database=db, init_command="SET time_zone = '+00:00', sql_mode = ''", autocommit=True
        )

    def execute(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def load(self, rows):
        """Create the tables with `rows` rows each, before the sync starts."""
        for table in self.tables:
            self.execute(table.create())
            numbers = [table.fresh() for _ in range(rows)]
            for at in range(0, rows, 200):
                self.execute(table.insert(self.random, numbers[at : at + 200]))
            table.live.update(numbers)

    def run(self):
        try:
            while not self._stop_now.is_set():
                self.step()
            while self.ddl:
                self.execute(self.ddl.pop(0))
        except Exception as failure:  # stop() raises it in the test
            self.failure = failure

    def stop(self):
        self._stop_now.set()
        self.join(60)
        if self.failure:
            raise self.failure
        assert not self.is_alive()

    def step(self):
        self.steps += 1
        if self.ddl and self.steps % 150 == 0:
            self.execute(self.ddl.pop(0))
        choice = self.random.random()
        if choice < 0.75:
            self.apply(*self.change(self.random.choice(self.tables)))
        else:
            self.transaction()
        # limit the rate of the writer, so that the program can keep up; no test waits for this
        self._stop_now.wait(0.002)

    def change(self, table):
        """Return (statement, keys that it adds, keys that it removes, table)."""
        live = sorted(table.live)
        choice = self.random.random()
        if choice < 0.35 or not live:
            numbers = [table.fresh() for _ in range(self.random.choice((1, 1, 1, 3, 20)))]
            return table.insert(self.random, numbers), set(numbers), set(), table
        n = self.random.choice(live)
        if choice < 0.6:
            return table.update(self.random, n), set(), set(), table
        if choice < 0.75:
            new = table.fresh()
            return table.move(n, new), {new}, {n}, table
        if choice < 0.8:
            return table.insert(self.random, [n], "REPLACE"), set(), set(), table
        if choice < 0.85:
            statement = table.insert(self.random, [n]) + " ON DUPLICATE KEY UPDATE touched = touched + 100"
            return statement, set(), set(), table
        if choice < 0.88:
            return f"UPDATE {table.name} SET touched = touched + 1 ORDER BY touched LIMIT 50", set(), set(), table
        return table.delete(n), set(), {n}, table

    def apply(self, statement, added, removed, table):
        self.execute(statement)
        table.live |= added
        table.live -= removed

    def transaction(self):
        """Make several changes. Commit them, or roll them back as a whole or to a savepoint.

        Tables without transactions keep their changes after a rollback."""
        before = {t: set(t.live) for t in self.tables}
        self.execute("BEGIN")
        for _ in range(self.random.randint(1, 5)):
            self.apply(*self.change(self.random.choice(self.tables)))
        if self.random.random() < 0.5:
            middle = {t: set(t.live) for t in self.tables}
            self.execute("SAVEPOINT s")
            for _ in range(self.random.randint(1, 4)):
                self.apply(*self.change(self.random.choice(self.tables)))
            if self.random.random() < 0.7:
                self.roll_back("ROLLBACK TO s", middle)
        if self.random.random() < 0.4:
            self.roll_back("ROLLBACK", before)
        else:
            self.execute("COMMIT")

    def roll_back(self, statement, saved):
        self.execute(statement)
        for table, live in saved.items():
            if table.engine == "InnoDB":
                table.live = live




@contextlib.contextmanager
def inserting(database, db, tables, count=2):
    """Run writers during a with block. Each transaction inserts one unique v into every table."""
    done = threading.Event()
    failures = []

    def write(connection, value):
        try:
            with connection.cursor() as cursor:
                while not done.is_set():
                    value += 1
                    for table in tables:
                        cursor.execute(f"INSERT INTO {table} (v) VALUES ({value})")
                    connection.commit()
        except Exception as failure:
            failures.append(failure)

    connections = [database.connect(database=db, autocommit=False) for _ in range(count)]
    threads = [threading.Thread(target=write, args=(c, i * 10**9), daemon=True) for i, c in enumerate(connections, 1)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread, connection in zip(threads, connections):
            thread.join()
            connection.close()
    assert not failures
