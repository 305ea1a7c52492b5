-- Views and sequences share the tables' names; they are no tables.
CREATE TABLE t (a int);
CREATE VIEW v AS SELECT * FROM t;
CREATE OR REPLACE VIEW v AS SELECT a FROM t;
CREATE TABLE IF NOT EXISTS v (a int);
RENAME TABLE v TO w;
RENAME TABLE w TO w2, t TO w, w2 TO t2;
ALTER VIEW t2 AS SELECT 1 AS x;
DROP VIEW IF EXISTS t2, nothere;
-- only: mariadb
CREATE SEQUENCE seq1;
-- only: mariadb
CREATE SEQUENCE IF NOT EXISTS seq1;
-- only: mariadb
SELECT NEXTVAL(seq1);
-- only: mariadb
RENAME TABLE seq1 TO seq2;
-- only: mariadb
ALTER TABLE seq2 RENAME TO seq3;
-- only: mariadb
ALTER TABLE seq3 ENGINE=MyISAM;
-- only: mariadb
ALTER SEQUENCE seq3 RESTART 5;
-- only: mariadb
CREATE TABLE seq4 (next_not_cached_value bigint(21) NOT NULL, minimum_value bigint(21) NOT NULL, maximum_value bigint(21) NOT NULL, start_value bigint(21) NOT NULL, increment bigint(21) NOT NULL, cache_size bigint(21) unsigned NOT NULL, cycle_option tinyint(1) unsigned NOT NULL, cycle_count bigint(21) NOT NULL) ENGINE=InnoDB SEQUENCE=1;
-- only: mariadb
DROP SEQUENCE seq3;
-- only: mariadb
DROP TABLE seq4;
