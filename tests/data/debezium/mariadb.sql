-- Statements for MariaDB alone; they come before those of common.sql, in both parts. Debezium's parser refuses INET4 and INET6.

CREATE TABLE own (id INT PRIMARY KEY, u UUID, j JSON);
INSERT INTO own VALUES
	(1, '00112233-4455-6677-8899-aabbccddeeff', '{"a": [1, 2.50, "x"], "b":  null}'),
	(2, '00000000-0000-0000-0000-000000000000', '"text"'),
	(3, NULL, NULL),
	(4, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '1.0');

CREATE TABLE own_generated (id INT PRIMARY KEY, a INT, vi INT GENERATED ALWAYS AS (a * 2) VIRTUAL, inv INT INVISIBLE DEFAULT 4);
INSERT INTO own_generated (id, a) VALUES (1, 5), (2, NULL);

-- stream

INSERT INTO own SELECT id + 100, u, j FROM own;
INSERT INTO own_generated (id, a) VALUES (101, 7);
