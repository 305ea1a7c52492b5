"""Random ALTER statements of several clauses, for test_catalog.py.

They use few names, so that many clauses of a statement affect the same column or key."""

COLUMNS = ("a", "b", "c", "d", "e")
KEYS = ("k", "u", "a", "b", "PRIMARY")
TYPES = ("INT", "BIGINT UNSIGNED", "VARCHAR(20)", "VARCHAR(9) CHARACTER SET latin1", "ENUM('x','y')", "TEXT", "DECIMAL(7,2)")
CREATE = "CREATE TABLE r (id INT, a INT, b VARCHAR(20), c BIGINT, PRIMARY KEY (id), KEY k (a), UNIQUE KEY u (c))"
EACH_TABLE = 12  # statements before the table is created again


class Alters:
    """exists: generate for MariaDB, which supports IF [NOT] EXISTS, qualified names and BIT(0)."""

    def __init__(self, random, exists):
        self.random, self.exists = random, exists
        self.types = (*TYPES, "BIT(0)" if exists else "BIT(9)")

    def sometimes(self, text, chance=0.5):
        return text if self.random.random() < chance else ""

    def one(self, *texts):
        return self.random.choice(texts)

    def option(self, text):
        return self.sometimes(text, 0.7) if self.exists else ""

    def column(self, names=COLUMNS):
        return self.one(*names)

    def qualified(self):
        qualifier = self.sometimes("r.", 0.1) if self.exists else ""
        return qualifier + self.column()

    def definition(self):
        null = self.sometimes(self.one(" NULL", " NOT NULL", " UNIQUE", " PRIMARY KEY"), 0.4)
        return self.one(*self.types) + null

    def place(self):
        return self.one("", "", " FIRST", " AFTER " + self.column((*COLUMNS, "id")))

    def parts(self):
        return ", ".join(self.random.sample((*COLUMNS[:3], "id"), self.one(1, 1, 2)))

    def clause(self):
        made, there = self.option("IF NOT EXISTS "), self.option("IF EXISTS ")
        word = self.sometimes("COLUMN ")
        return self.one(
            lambda: f"ADD {word}{made}{self.qualified()} {self.definition()}{self.place()}",
            lambda: f"ADD {word}{made}{self.qualified()} {self.definition()}{self.place()}",
            lambda: f"DROP {word}{there}{self.column()}",
            lambda: f"DROP {word}{there}{self.column()}",
            lambda: f"MODIFY {word}{there}{self.qualified()} {self.definition()}{self.place()}",
            lambda: f"CHANGE {word}{there}{self.qualified()} {self.column()} {self.definition()}{self.place()}",
            lambda: f"RENAME COLUMN {there}{self.column()} TO {self.column()}",
            lambda: f"ALTER {word}{there}{self.column()} {self.one('SET DEFAULT NULL', 'DROP DEFAULT')}",
            lambda: f"ADD {self.one('KEY', 'UNIQUE', 'UNIQUE KEY')} {made}{self.sometimes(self.one(*KEYS[:4]))} ({self.parts()})",
            lambda: f"ADD PRIMARY KEY {made}({self.parts()})",
            lambda: f"DROP {self.one('KEY', 'INDEX')} {there}`{self.one(*KEYS)}`",
            lambda: "DROP PRIMARY KEY",
            lambda: f"RENAME {self.one('KEY', 'INDEX')} {there}{self.one(*KEYS[:4])} TO {self.one(*KEYS[:4])}",
            lambda: f"DROP CONSTRAINT {there}{self.one(*KEYS[:4])}",
        )()

    def statement(self):
        return "ALTER TABLE r " + ", ".join(self.clause() for _ in range(self.one(1, 2, 2, 3, 3, 4)))

    def file(self, n):
        """Return a file for catalog_live: n ALTERs. At least one server refuses most of them."""
        lines = []
        for i in range(n):
            if i % EACH_TABLE == 0:
                lines += ["DROP TABLE IF EXISTS r;", CREATE + ";"]
            lines += ["-- may be refused", self.statement() + ";"]
        return "\n".join(lines) + "\n"
