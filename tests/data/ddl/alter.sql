-- ALTER TABLE: columns.
CREATE TABLE a1 (id int primary key, a int, b varchar(10), c text);
ALTER TABLE a1 ADD d int;
ALTER TABLE a1 ADD COLUMN e int not null FIRST;
ALTER TABLE a1 ADD f int AFTER id, ADD g varchar(5) AFTER f;
ALTER TABLE a1 ADD (h int, i varchar(10) not null default 'x', INDEX (h));
ALTER TABLE a1 DROP h;
ALTER TABLE a1 DROP COLUMN e, DROP COLUMN f, ADD j datetime(3);
ALTER TABLE a1 MODIFY a bigint unsigned not null;
ALTER TABLE a1 MODIFY COLUMN a bigint FIRST;
ALTER TABLE a1 MODIFY a int AFTER c;
ALTER TABLE a1 CHANGE a aa int;
ALTER TABLE a1 CHANGE COLUMN aa a varchar(20) not null AFTER id;
ALTER TABLE a1 RENAME COLUMN a TO b2, RENAME COLUMN b TO a;
ALTER TABLE a1 RENAME COLUMN b2 TO b, RENAME COLUMN a TO b2;
ALTER TABLE a1 CHANGE b b2 int, CHANGE b2 b varchar(11);
ALTER TABLE a1 ADD k int, ADD l int AFTER k, ADD m int FIRST, MODIFY j datetime AFTER l;
ALTER TABLE a1 DROP k, ADD k varchar(3) FIRST;
ALTER TABLE a1 ALTER k SET DEFAULT 'x', ALTER COLUMN l DROP DEFAULT, ALTER m SET DEFAULT 5;
ALTER TABLE a1 ALTER COLUMN l SET DEFAULT (1 + (2));
ALTER TABLE a1 ENGINE=MyISAM;
ALTER TABLE a1 ENGINE InnoDB, COMMENT 'x, y' ROW_FORMAT = DYNAMIC;
ALTER TABLE a1 DISABLE KEYS, ENABLE KEYS;
ALTER TABLE a1 FORCE;
ALTER TABLE a1 ORDER BY b, id DESC, k ASC;
ALTER TABLE a1 ADD n int, ALGORITHM=COPY, LOCK=SHARED;
ALTER TABLE a1 ADD o int, ALGORITHM INPLACE, LOCK DEFAULT;
ALTER TABLE a1 AUTO_INCREMENT = 100, MAX_ROWS 10;
ALTER TABLE a1 RENAME TO a2;
ALTER TABLE a2 RENAME a1;
ALTER TABLE a1 RENAME AS a2, ADD p int;
ALTER TABLE a2 RENAME = a1, DROP p;
ALTER TABLE a1;
ALTER TABLE a1 DEFAULT CHARACTER SET latin1;
ALTER TABLE a1 ADD q varchar(10), MODIFY b varchar(12);
ALTER TABLE a1 CHARSET utf8mb3, ADD r varchar(10);
ALTER TABLE a1 COLLATE utf8mb4_bin, ADD s varchar(10);
ALTER TABLE a1 CONVERT TO CHARACTER SET latin1;
ALTER TABLE a1 CONVERT TO CHARSET utf8mb3 COLLATE utf8mb3_bin;
ALTER TABLE a1 CONVERT TO CHARACTER SET utf8mb4, ADD t tinytext, ADD u mediumtext;
ALTER TABLE a1 ADD v longtext, ADD w blob, ADD x binary(3), ADD y enum('a','b'), ADD z json;
ALTER TABLE a1 CONVERT TO CHARACTER SET latin1 COLLATE latin1_bin;
ALTER TABLE a1 CONVERT TO CHARACTER SET utf8mb4;
ALTER TABLE a1 CONVERT TO CHARACTER SET utf8mb4;
ALTER TABLE a1 DROP z, CONVERT TO CHARACTER SET binary;
ALTER TABLE a1 CONVERT TO CHARACTER SET DEFAULT;
CREATE TABLE a3 (id int not null, a varchar(10) character set latin1, b char(3), c tinytext, d enum('x','y'), e varchar(60) character set ascii, f text character set utf8mb3) charset utf8mb4;
ALTER TABLE a3 CONVERT TO CHARACTER SET latin1;
ALTER TABLE a3 CONVERT TO CHARACTER SET utf8mb3, MODIFY c tinytext;
ALTER TABLE a3 MODIFY a varchar(20) character set utf8mb4, CONVERT TO CHARACTER SET latin1;
ALTER TABLE a3 DROP d, CONVERT TO CHARACTER SET utf16;
-- only: mariadb
ALTER TABLE a3 ADD g int INVISIBLE DEFAULT 3, MODIFY a varchar(20) INVISIBLE DEFAULT 'x';
-- only: mysql
ALTER TABLE a3 ADD g int INVISIBLE DEFAULT 3, MODIFY a varchar(20) INVISIBLE DEFAULT 'x';
ALTER TABLE a3 MODIFY a varchar(20);
-- only: mysql
ALTER TABLE a3 ALTER COLUMN a SET INVISIBLE, ALTER g SET VISIBLE;
-- only: mysql
ALTER TABLE a3 ALTER a SET VISIBLE;
-- only: mariadb
ALTER TABLE IF EXISTS a3 ADD COLUMN IF NOT EXISTS a int, ADD IF NOT EXISTS h int, DROP COLUMN IF EXISTS nope, MODIFY IF EXISTS nope int, CHANGE IF EXISTS nope nope2 int;
-- only: mariadb
ALTER TABLE IF EXISTS nothere ADD a int;
-- only: mariadb
ALTER ONLINE TABLE a3 ADD i int;
-- only: mariadb
ALTER IGNORE TABLE a3 WAIT 5 ADD j int;
-- only: mariadb
ALTER TABLE a3 NOWAIT DROP j;
-- only: mariadb
ALTER TABLE a3 RENAME COLUMN IF EXISTS nope TO nope2, ALTER COLUMN IF EXISTS nope SET DEFAULT 1, DROP INDEX IF EXISTS nope, RENAME INDEX IF EXISTS nope TO nope2;
-- only: mariadb
SET STATEMENT max_statement_time=100, lock_wait_timeout = (1 + 2) FOR ALTER TABLE a3 ADD k int;
ALTER TABLE a3 ADD l int GENERATED ALWAYS AS (id + 1) STORED, ADD m int AS (id * 2) VIRTUAL AFTER id;
ALTER TABLE a3 MODIFY l bigint AS (id + 2) STORED, DROP m;
ALTER TABLE a3 MODIFY l int;
CREATE TABLE cv1 (a tinytext, b tinytext character set utf8mb3, c int, d text, e varchar(10), f tinytext) charset latin1;
ALTER TABLE cv1 CONVERT TO CHARACTER SET utf8mb3, MODIFY a tinytext, MODIFY b tinytext, MODIFY c tinytext, MODIFY d text, MODIFY e tinytext, MODIFY f tinytext character set latin1;
CREATE TABLE cv2 (a tinytext) charset utf8mb4;
ALTER TABLE cv2 CONVERT TO CHARACTER SET latin1, MODIFY a tinytext;
ALTER TABLE cv2 CONVERT TO CHARACTER SET utf8mb4, ADD b tinytext character set latin1, ADD c tinytext;
ALTER TABLE cv2 MODIFY b varchar(30) charset latin1, CONVERT TO CHARACTER SET binary;
-- keys
CREATE TABLE k1 (a int, b int, c varchar(20), d text, e int not null, PRIMARY KEY (a));
ALTER TABLE k1 ADD INDEX (b);
ALTER TABLE k1 ADD INDEX (b);
ALTER TABLE k1 ADD KEY bc (b, c), ADD UNIQUE (c), ADD UNIQUE KEY u1 (d(10)), ADD CONSTRAINT u2 UNIQUE (e, b), ADD CONSTRAINT u3 UNIQUE INDEX u4 USING BTREE (c(5)) COMMENT 'x' KEY_BLOCK_SIZE 4;
ALTER TABLE k1 DROP INDEX b_2, DROP KEY u1;
ALTER TABLE k1 RENAME INDEX u2 TO uu, RENAME KEY c TO cc;
ALTER TABLE k1 RENAME COLUMN c TO c2;
ALTER TABLE k1 CHANGE e ee bigint NOT NULL, ADD INDEX (ee);
ALTER TABLE k1 DROP PRIMARY KEY;
ALTER TABLE k1 ADD PRIMARY KEY (b, ee);
ALTER TABLE k1 DROP PRIMARY KEY, ADD PRIMARY KEY (a) USING BTREE;
ALTER TABLE k1 MODIFY a bigint;
ALTER TABLE k1 DROP PRIMARY KEY, ADD id int AUTO_INCREMENT PRIMARY KEY FIRST;
ALTER TABLE k1 MODIFY id int, DROP PRIMARY KEY;
ALTER TABLE k1 ADD CONSTRAINT pk PRIMARY KEY pkname (id);
ALTER TABLE k1 MODIFY c2 varchar(3);
ALTER TABLE k1 MODIFY c2 varchar(30);
ALTER TABLE k1 MODIFY c2 int;
ALTER TABLE k1 DROP CONSTRAINT uu;
ALTER TABLE k1 ADD CONSTRAINT chk CHECK (b > 0);
ALTER TABLE k1 DROP CONSTRAINT chk;
ALTER TABLE k1 ADD UNIQUE ux (c2), ADD CHECK (b > 1), ADD CONSTRAINT CHECK (b > 2);
ALTER TABLE k1 ADD FULLTEXT INDEX ft (d);
ALTER TABLE k1 ADD FULLTEXT (d);
ALTER TABLE k1 DROP INDEX ft, DROP COLUMN d;
-- only: mysql
ALTER TABLE k1 ALTER INDEX cc INVISIBLE, ALTER INDEX ux VISIBLE;
-- only: mysql
ALTER TABLE k1 ADD CONSTRAINT chk2 CHECK (b > 5) NOT ENFORCED;
-- only: mysql
ALTER TABLE k1 ALTER CHECK chk2 ENFORCED;
-- only: mysql
ALTER TABLE k1 DROP CHECK chk2;
-- only: mysql
ALTER TABLE k1 ADD UNIQUE ((lower(c2))), ADD INDEX fi ((a + 1), b), ADD UNIQUE INDEX ((a * 2));
-- only: mariadb
ALTER TABLE k1 ALTER INDEX cc IGNORED, ALTER INDEX ux NOT IGNORED;
-- only: mariadb
ALTER TABLE k1 ADD INDEX IF NOT EXISTS cc (a), ADD UNIQUE IF NOT EXISTS uy (a), ADD CONSTRAINT IF NOT EXISTS chk9 CHECK (a > 0), DROP CONSTRAINT IF EXISTS nope, DROP FOREIGN KEY IF EXISTS nope;
CREATE TABLE k2 (a int, b int, c int, d int, KEY (a, b), UNIQUE KEY (a, b), UNIQUE (b), KEY (b), KEY k (c DESC, d ASC), KEY USING BTREE (d), KEY type (d), KEY x USING HASH (c)) ENGINE=InnoDB;
ALTER TABLE k2 DROP COLUMN c;
CREATE TABLE k3 (a int, b int, KEY (a), KEY (a, b));
ALTER TABLE k3 DROP COLUMN a;
CREATE TABLE k4 (a point not null, b text, c varchar(20), SPATIAL INDEX (a), FULLTEXT KEY ft (b, c), FULLTEXT (c));
CREATE TABLE parent (id int primary key, x int, y int, UNIQUE (x, y), UNIQUE (y));
CREATE TABLE f1 (a int, b int, FOREIGN KEY (a) REFERENCES parent (id));
CREATE TABLE f2 (a int, b int, KEY (a), FOREIGN KEY (a) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE f3 (a int, b int, FOREIGN KEY fkname (a) REFERENCES parent (id), CONSTRAINT cname FOREIGN KEY (b) REFERENCES parent (id), CONSTRAINT cname2 FOREIGN KEY fkname2 (a, b) REFERENCES parent (x, y));
CREATE TABLE f4 (a int, b int, CONSTRAINT c4 FOREIGN KEY (a) REFERENCES parent (id) MATCH SIMPLE ON DELETE RESTRICT, KEY later (a, b), FOREIGN KEY (b) REFERENCES parent (y));
ALTER TABLE f1 ADD INDEX (a, b);
ALTER TABLE f1 DROP FOREIGN KEY f1_ibfk_1;
ALTER TABLE f1 ADD CONSTRAINT fnew FOREIGN KEY (b) REFERENCES parent (id), ADD c int;
ALTER TABLE f3 ADD UNIQUE (b, a);
-- create and drop index
CREATE INDEX i1 ON k2 (a);
CREATE UNIQUE INDEX i2 USING BTREE ON k2 (a DESC, b) COMMENT 'x' ALGORITHM=INPLACE LOCK=NONE;
CREATE INDEX i3 ON k1 (c2) USING BTREE;
DROP INDEX i1 ON k2;
DROP INDEX i2 ON k2;
-- only: mysql
CREATE INDEX i5 ON k2 (a);
-- only: mysql
DROP INDEX i5 ON k2 ALGORITHM=DEFAULT LOCK=DEFAULT;
DROP INDEX `PRIMARY` ON k1;
CREATE FULLTEXT INDEX ft2 ON k4 (b);
-- only: mariadb
CREATE OR REPLACE UNIQUE INDEX i3 ON k1 (ee, c2);
-- only: mariadb
CREATE INDEX IF NOT EXISTS i3 ON k1 (a) WAIT 3;
-- only: mariadb
DROP INDEX IF EXISTS nope ON k1;
-- unique keys that are a hash
-- only: mariadb
CREATE TABLE h1 (a text, b varchar(3000), c int, d varchar(100), UNIQUE (a), UNIQUE (b), UNIQUE (c) USING HASH, UNIQUE h4 USING HASH (d), UNIQUE (d, c), UNIQUE (a(10)));
-- only: mariadb
ALTER TABLE h1 ADD e int;
-- only: mariadb
ALTER TABLE h1 MODIFY a varchar(100);
-- only: mariadb
ALTER TABLE h1 ADD f text UNIQUE, DROP b;
-- only: mariadb
CREATE TABLE h2 (a varchar(768), b varchar(769), c varchar(500), d varchar(300), UNIQUE (a), UNIQUE (b), UNIQUE (c, d), UNIQUE (a(10), c)) CHARACTER SET utf8mb4;
-- only: mariadb
ALTER TABLE h2 CONVERT TO CHARACTER SET latin1;
-- only: mariadb
CREATE TABLE h3 (a varchar(300), UNIQUE (a)) ENGINE=MyISAM CHARACTER SET utf8mb4;
-- only: mariadb
CREATE TABLE h4 (a varchar(300), UNIQUE (a)) ENGINE=Aria CHARACTER SET utf8mb4;
-- only: mariadb
CREATE TABLE h5 (a int, UNIQUE USING HASH (a)) ENGINE=MEMORY;
-- rename
RENAME TABLE k2 TO k22;
RENAME TABLE k22 TO k2, k3 TO k33;
CREATE TABLE `_a1_gho` LIKE a1;
ALTER TABLE `_a1_gho` ADD COLUMN ghost int;
RENAME /* gh-ost */ TABLE a1 TO `_a1_del`, `_a1_gho` TO a1;
DROP TABLE IF EXISTS `_a1_del`;
CREATE TABLE swap1 (a int);
CREATE TABLE swap2 (b int);
RENAME TABLE swap1 TO swap3, swap2 TO swap1, swap3 TO swap2;
-- only: mariadb
RENAME TABLE IF EXISTS nothere TO nothere2, swap1 WAIT 4 TO swap4;
-- only: mariadb
RENAME TABLES swap4 TO swap1;
ALTER TABLE swap1 RENAME swap5;
-- partitions
CREATE TABLE p1 (a int, b int, KEY (a)) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
CREATE TABLE p2 (a int, b int, KEY (a));
ALTER TABLE p1 ADD PARTITION (PARTITION p2 VALUES LESS THAN (30));
ALTER TABLE p1 EXCHANGE PARTITION p0 WITH TABLE p2;
-- only: mysql
ALTER TABLE p1 EXCHANGE PARTITION p0 WITH TABLE p2 WITHOUT VALIDATION;
ALTER TABLE p1 TRUNCATE PARTITION p0;
ALTER TABLE p1 DROP PARTITION p2;
ALTER TABLE p1 REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (15), PARTITION p1b VALUES LESS THAN (20));
ALTER TABLE p1 ANALYZE PARTITION p1;
ALTER TABLE p1 CHECK PARTITION ALL;
ALTER TABLE p1 REBUILD PARTITION ALL;
ALTER TABLE p1 REMOVE PARTITIONING;
ALTER TABLE p1 PARTITION BY HASH (a) PARTITIONS 4;
ALTER TABLE p1 ADD c int, ADD INDEX (c) PARTITION BY KEY (a) PARTITIONS 2;
ALTER TABLE p1 COALESCE PARTITION 1;
ALTER TABLE p1 DROP c REMOVE PARTITIONING;
-- only: mariadb
ALTER TABLE p1 PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
-- only: mariadb
ALTER TABLE p1 CONVERT PARTITION p0 TO TABLE p3;
-- only: mariadb
ALTER TABLE p1 CONVERT TABLE p3 TO PARTITION p2 VALUES LESS THAN (30);
ALTER TABLE p2 DISCARD TABLESPACE;
TRUNCATE TABLE p1;
-- system versioning
-- only: mariadb
SET system_versioning_alter_history=KEEP;
-- only: mariadb
CREATE TABLE s1 (x int primary key, y int) WITH SYSTEM VERSIONING;
-- only: mariadb
ALTER TABLE s1 ADD z int;
-- only: mariadb
ALTER TABLE s1 ADD w int FIRST, MODIFY y bigint AFTER z;
-- only: mariadb
ALTER TABLE s1 DROP SYSTEM VERSIONING;
-- only: mariadb
ALTER TABLE s1 ADD SYSTEM VERSIONING;
-- only: mariadb
CREATE TABLE s2 (x int primary key, y int, rs timestamp(6) generated always as row start, re timestamp(6) generated always as row end, period for system_time (rs, re), unique (y)) WITH SYSTEM VERSIONING;
-- only: mariadb
CREATE TABLE s3 (x int WITH SYSTEM VERSIONING, y int);
-- only: mariadb
CREATE TABLE s4 (x int, y int WITHOUT SYSTEM VERSIONING, a text, unique (a)) WITH SYSTEM VERSIONING;
-- only: mariadb
CREATE TABLE s5 (x int, s date, e date, PERIOD FOR p (s, e), UNIQUE (x, p WITHOUT OVERLAPS));
-- only: mariadb
CREATE TABLE s6 (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 HOUR AUTO PARTITIONS 3;
-- only: mariadb
CREATE TABLE s7 (x int, rs timestamp(6) generated always as row start invisible, re timestamp(6) generated always as row end invisible, period for system_time (rs, re)) WITH SYSTEM VERSIONING;
-- only: mariadb
ALTER TABLE s7 DROP COLUMN rs, DROP COLUMN re, DROP PERIOD FOR SYSTEM_TIME, DROP SYSTEM VERSIONING;
-- only: mariadb
CREATE TABLE s8 (x int, s date, e date);
-- only: mariadb
ALTER TABLE s8 ADD PERIOD FOR p (s, e);
-- only: mariadb
ALTER TABLE s8 DROP PERIOD FOR p;
-- only: mariadb
SET sql_mode='ORACLE';
-- only: mariadb
ALTER TABLE s8 ADD f date, ADD g blob, ADD h number(3);
-- only: mariadb
SET sql_mode='MAXDB';
-- only: mariadb
ALTER TABLE s8 ADD i timestamp NULL, ADD j mariadb_schema.timestamp NULL, MODIFY f timestamp;
-- only: mariadb
SET sql_mode='MSSQL';
-- only: mariadb
CREATE TABLE [s 9] ([x y] int, [a]]b] int, "q" int, PRIMARY KEY ([x y]), UNIQUE [u v] ([a]]b]));
-- only: mariadb
ALTER TABLE [s 9] CHANGE [a]]b] [c d] BIGINT, DROP [q];
SET sql_mode='';
-- only: mariadb
SET old_mode='';
-- only: mariadb
CREATE TABLE u1 (id int PRIMARY KEY, a text charset utf8, b text collate utf8_bin, c varchar(9) charset utf8mb3, d nchar(3), e national varchar(3), f text) CHARSET 'utf8';
-- only: mariadb
ALTER TABLE u1 ADD g text, CHARSET utf8mb3, ADD h enum('x') charset utf8;
-- only: mariadb
ALTER TABLE u1 CONVERT TO CHARACTER SET utf8;
-- only: mariadb
SET old_mode='UTF8_IS_UTF8MB3';
-- only: mariadb
ALTER TABLE u1 ADD i text charset utf8, CONVERT TO CHARSET utf8;
-- only: mariadb
SET sql_if_exists=1;
-- only: mariadb
DROP TABLE nothere;
-- only: mariadb
RENAME TABLE nothere TO nothere2, u1 TO u2;
-- only: mariadb
SET sql_if_exists=0;
SET collation_database=latin1_swedish_ci;
CREATE TABLE u3 (a varchar(5), b text) CHARSET greek;
ALTER TABLE u3 CONVERT TO CHARACTER SET DEFAULT;
ALTER TABLE u3 ADD c text;
SET collation_database=DEFAULT;
CREATE TABLE w1 (id int PRIMARY KEY, a int, b bit, c int, d enum('x'), KEY k (a), UNIQUE u (c));
-- only: mariadb
ALTER TABLE w1 ADD z bit(0), ADD y double(0,0), ADD x char(0), MODIFY b bit(0);
ALTER TABLE w1 DROP c, ADD c varchar(20);
ALTER TABLE w1 RENAME COLUMN a TO a2, ADD a int FIRST;
ALTER TABLE w1 RENAME COLUMN id TO id2, ADD id int FIRST;
-- only: mariadb
ALTER TABLE w1 ADD e text, MODIFY e int, ALTER e SET DEFAULT 5, ADD g int, CHANGE zz g bigint;
-- only: mariadb
ALTER TABLE w1 DROP COLUMN b, ADD COLUMN IF NOT EXISTS b bigint;
-- only: mariadb
ALTER TABLE w1 CHANGE w1.a a9 int, ADD COLUMN IF NOT EXISTS w1.a bigint AFTER nothere, DROP .g;
-- only: mariadb
ALTER TABLE w1 DROP KEY u, ADD UNIQUE IF NOT EXISTS u (d), DROP PRIMARY KEY, ADD PRIMARY KEY IF NOT EXISTS (d);
-- only: mariadb
ALTER TABLE w1 ADD COLUMN IF NOT EXISTS d int UNIQUE, ADD UNIQUE IF NOT EXISTS (d), ADD KEY x (e);
-- only: mariadb
ALTER TABLE w1 MODIFY COLUMN IF EXISTS n int, ADD COLUMN IF NOT EXISTS n int;
-- only: mariadb
ALTER TABLE w1 RENAME KEY x TO y, DROP KEY IF EXISTS y, DROP CONSTRAINT IF EXISTS d, DROP KEY IF EXISTS d;
DROP DATABASE IF EXISTS ddl_live_nothere;
CREATE TABLE placed (id int PRIMARY KEY, e int, g int);
-- only: mariadb
ALTER TABLE placed CHANGE e e2 bigint FIRST, ALTER COLUMN e2 SET DEFAULT 7, CHANGE g g2 int AFTER e2, ALTER g2 DROP DEFAULT;
