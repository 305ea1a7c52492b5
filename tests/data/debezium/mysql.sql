-- Statements for MySQL alone; they come before those of common.sql, in both parts.

CREATE TABLE own (id INT PRIMARY KEY, j JSON, vec VECTOR(3), p POINT SRID 4326, g GEOMETRY, y YEAR);
INSERT INTO own VALUES
	(1, '{"b": [1, 2.5, "x", true, null], "a": {"n": -1}}', STRING_TO_VECTOR('[1,-2.5,0.1]'),
		ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('POINT(10 20)', 3857), 0),
	(2, '"text"', STRING_TO_VECTOR('[0,0,0]'), NULL, NULL, NULL),
	(3, NULL, NULL, NULL, NULL, NULL),
	(4, '[]', NULL, NULL, NULL, 1999),
	(5, '18446744073709551615', NULL, NULL, NULL, 1999),
	(6, '[1.0, 1e100, 0.1, -0.0, 100000.5, 12345678901234567890, 1e21]', NULL, NULL, NULL, 1999),
	(7, '"q\\"q \\u00e9 \\n \\u0001 /"', NULL, NULL, NULL, 1999),
	(8, JSON_OBJECT('d', CAST('2021-03-03' AS DATE), 't', CAST('12:34:56.5' AS TIME(3)),
		'dt', CAST('2021-03-03 12:34:56.789' AS DATETIME(6)), 'n', CAST(1.50 AS DECIMAL(5,2)), 'x', CAST('ab' AS BINARY)),
		NULL, NULL, NULL, 1999),
	(9, 'null', NULL, NULL, NULL, 1999),
	(10, '{}', NULL, NULL, NULL, NULL);

CREATE TABLE own_generated (id INT PRIMARY KEY, a INT, vi INT GENERATED ALWAYS AS (a * 2) VIRTUAL, inv INT DEFAULT 4 INVISIBLE);
INSERT INTO own_generated (id, a) VALUES (1, 5), (2, NULL);

-- stream

INSERT INTO own SELECT id + 100, j, vec, p, g, y FROM own;
INSERT INTO own_generated (id, a) VALUES (101, 7);
UPDATE own SET j = JSON_SET(j, '$.a', 2) WHERE id = 101;
