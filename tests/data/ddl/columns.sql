-- Column types, attributes and defaults of CREATE TABLE.
CREATE TABLE c1 (id serial, a int unsigned zerofill, b tinyint(1), c bool, d decimal, e float(7,3), f double(10,2), g year, h bit, i char);
CREATE TABLE c2 (j varchar(10) character set latin1, k text, l enum('it''s','b\\c','d\ne','tr  ') character set latin1, m set(0x61,x'62'), n json, o datetime(3), p timestamp null, q point, r binary, s tinyint(3));
CREATE TABLE c3 (u float(30), v char(3) byte, w long varchar, x text(10), y text(1000), z blob(70000), aa text(20000), ab nchar(5), ac varchar(5) collate latin1_bin, ad real, ae numeric(5), af int(5) zerofill, ag time, ah enum('A','') default 'A', ai text character set utf8mb3);
CREATE TABLE c4 (a int1, b int2, c int3, d int4, e int8, f middleint, g integer, h boolean, i dec(8,3), j fixed(4), k float4, l float8, m double precision, n character(5), o character varying(20), p char varying(21));
CREATE TABLE c5 (a national char(3), b national varchar(4), c national character varying(5), d nvarchar(6), e nchar varying(7), f nchar varchar(8), g long varbinary, h long, i varbinary(9), j tinyblob, k mediumblob, l longblob, m tinytext, n mediumtext, o longtext);
CREATE TABLE c6 (a tinyint unsigned, b smallint unsigned, c mediumint unsigned, d int unsigned, e bigint unsigned, f tinyint(1) unsigned, g tinyint(2) zerofill, h smallint zerofill, i mediumint(4) zerofill, j bigint zerofill, k decimal(10,3) unsigned, l float unsigned, m double zerofill, n float(10), o float(25));
CREATE TABLE c7 (a time(0), b time(6), c datetime, d datetime(6), e timestamp(2) not null, f timestamp(6) null default null, g date, h year(4));
CREATE TABLE c8 (a geometry, b point, c linestring, d polygon, e multipoint, f multilinestring, g multipolygon, h geometrycollection);
CREATE TABLE c9 (a int not null default 5, b int default -1 comment 'it''s', c varchar(20) default "x", d int default +3, e double default 1.5e10, f double default .5, g bit(8) default b'101', h varbinary(10) default x'4142', i varchar(10) default 'a' 'b', j varchar(10) default _utf8mb4'ä', k bigint default 0x10, l date default '2020-01-01', n timestamp not null default current_timestamp on update current_timestamp, o datetime(3) default now(3) on update now(3), p int default null, q int default true);
CREATE TABLE c10 (a int, b int generated always as (a + 1) virtual, c int as (a * (2 + 1)) stored, d int as (a), e varchar(10) generated always as (concat('(', a, ')')) virtual comment 'x', f int as (b+1) virtual);
-- only: mariadb
CREATE TABLE c9a (a date default DATE'2020-01-02', b int as (1) comment 'x', c varchar(10) default concat('a', 'b'), d int default - 1);
-- only: mysql
CREATE TABLE c12a (a int constraint chk_e check (a > (1)), b int constraint check (b > 1) not enforced);
-- only: mariadb
CREATE TABLE c11 (a int, b int as (a) persistent, c int invisible default 1, d varchar(20) compressed, e text compressed, f int default (1 + 2), g varchar(40) default uuid(), h uuid, i inet4, j inet6, k blob compressed=zlib);
-- only: mysql
CREATE TABLE c11 (a int invisible, b int visible, c int default (1 + 2), d varchar(40) default (uuid()), e point not null srid 4326, f int storage memory column_format fixed, g json default (json_array()), i vector(3), j vector, k int check (k > 1) not enforced);
CREATE TABLE c12 (a int auto_increment primary key, b int unique, c int unique key comment 'c', d int check (d > 0), f varchar(3) ascii, g varchar(3) unicode, h varchar(3) binary, i varchar(3) character set latin1 collate latin1_german1_ci not null, j text byte, k varchar(4) byte, l char(5) charset utf8mb3);
CREATE TABLE c13 (a int key, b varchar(10) collate 'utf8mb4_bin', c enum('a','b','c') not null, d set('x','y') not null default 'x', e enum('ä','ö ','€','日本') , f enum('a''b','c"d','e\\f','g`h'));
CREATE TABLE `c 14` (`a b` int, `select` int, `back``tick` int, `ünï` int, 1a int, $b int, _c int, `desc` varchar(10), comment int, `type` int, `key` int, status int, period int, `system` int, versioning int, `check` int, `first` int, `after` int, data int, action int);
CREATE TABLE c15 (a varchar(10), b char(5), c text, d enum('a'), e tinytext, f varchar(30) character set latin1, g json) character set binary;
CREATE TABLE c16 (a varchar(10), b enum('x')) default charset=latin1;
CREATE TABLE c17 (a varchar(10), b enum('x')) collate utf8mb3_bin;
CREATE TABLE c18 (a varchar(10)) default character set = 'utf8mb3' collate = "utf8mb3_general_ci";
CREATE TABLE c19 (a varchar(10)) charset latin2, engine MyISAM, comment 'x' max_rows=5 row_format=dynamic;
CREATE TABLE c20 (a text(63), b text(64), c varchar(20000), d varbinary(70000), e text(0), f blob(255), g blob(256), h char(0), i varchar(5000));
CREATE TABLE c20a (a varchar(16383)) engine=MyISAM;
CREATE TABLE c20b (a varchar(16384)) engine=MyISAM;
-- only: mariadb
CREATE TABLE c20c (a varchar(65533) character set latin1) engine=MyISAM;
-- only: mysql
CREATE TABLE c20c (a varchar(65533) character set latin1 not null) engine=MyISAM;
CREATE TABLE c20d (a varchar(65532) character set latin1 not null) engine=MyISAM;
CREATE TABLE c20e (a varbinary(65536)) engine=MyISAM;
-- a comment before
CREATE TABLE /* in */ c21 -- to the end
(# also to the end
a int /* after */, b /*!50100 int */ /*!99999 unsigned */ /*!40000 not null */, c varchar(30) default '/* no comment */ -- #');
CREATE TABLE IF NOT EXISTS c21 (zz int);
CREATE TABLE IF NOT EXISTS c22 (zz int) /*!50100 PARTITION BY HASH (zz) PARTITIONS 2 */;
-- only: mariadb
CREATE TABLE c23 (a int /*M!100100 unsigned */, b int /*!100100 unsigned */, c int /*!50701 unsigned */, d int /*M! unsigned */);
-- only: mysql
CREATE TABLE c23 (a int /*M!100100 unsigned */, b int /*!80011 unsigned */, c int /*! unsigned */, d int /*!80023 INVISIBLE */);
CREATE TABLE c24 (a int not null, b timestamp, c timestamp null, d timestamp not null, e timestamp default '2020-01-01 00:00:00');
-- only: mariadb
SET explicit_defaults_for_timestamp=0;
-- only: mysql
SET sql_mode='';
CREATE TABLE c25 (a int not null, b timestamp, c timestamp null, d timestamp not null, e timestamp default '2020-01-01 00:00:00', f timestamp(3));
ALTER TABLE c25 ADD g timestamp, MODIFY a timestamp;
-- only: mariadb
SET explicit_defaults_for_timestamp=1;
SET sql_mode='ANSI_QUOTES';
CREATE TABLE "c 26" ("a""b" int, "c" varchar(10) default 'x"y', "select" enum('"','''') );
SET sql_mode='NO_BACKSLASH_ESCAPES';
CREATE TABLE c27 (a varchar(10) default '\', b enum('a\b','c''d','\'));
SET sql_mode='REAL_AS_FLOAT';
CREATE TABLE c28 (a real, b double, c real(5,2));
-- only: mariadb
SET sql_mode='ORACLE';
-- only: mariadb
CREATE TABLE c29 (a date, b number, c number(5), d number(5,2), e varchar2(10), f clob, g raw(5), h blob, "i" mariadb_schema.date, j varchar(5));
SET sql_mode='';
-- only: mariadb
CREATE TABLE c30 (a mariadb_schema.date, b oracle_schema.date, c maxdb_schema.timestamp, d oracle_schema.blob);
CREATE TABLE c31 (a varchar(70000), b varbinary(65536), c varchar(60000) character set latin1 default 'x') engine=MyISAM;
CREATE TABLE c32 (a enum('x','y') character set binary, b set('p','q  ') character set binary, c enum('x  ','y') character set latin1);
CREATE TABLE c33 (a int references c12 (a), b int references c12 (a) on delete cascade on update no action, c int);
CREATE TABLE c34 (a int comment "double \"quoted\"", b int comment 'with; semicolon', c varchar(3) default ');');
CREATE TABLE c35(a int(11)unsigned not null,b decimal(10 , 2)default'1.5'not null,primary key(a));
CREATE TABLE c36 LIKE c35;
CREATE TABLE c37 (LIKE c12);
CREATE TABLE c38 AS SELECT a, b, a + 1 AS x, 'text' AS t, now() AS n, cast(1 as decimal(5,2)) AS d FROM c35;
CREATE TABLE c39 (extra int, b varchar(10)) SELECT a, b FROM c35;
CREATE TABLE c40 (PRIMARY KEY (a)) ENGINE=InnoDB SELECT * FROM c12;
CREATE TEMPORARY TABLE tmp (a int, b varchar(10));
CREATE TABLE c41 LIKE tmp;
ALTER TABLE tmp ADD c int;
DROP TEMPORARY TABLE tmp;
CREATE TABLE c42 (a int) AUTO_INCREMENT=5 AVG_ROW_LENGTH=10 CHECKSUM=1 DELAY_KEY_WRITE=1 INSERT_METHOD=NO KEY_BLOCK_SIZE=8 MIN_ROWS=1 PACK_KEYS=DEFAULT STATS_AUTO_RECALC=1 STATS_PERSISTENT=DEFAULT STATS_SAMPLE_PAGES=20 ROW_FORMAT=COMPRESSED;
-- only: mariadb
CREATE TABLE c43 (a int) ENGINE=Aria TRANSACTIONAL=1 PAGE_CHECKSUM=1;
-- only: mysql
CREATE TABLE c43 (a int) COMPRESSION='zlib' ENCRYPTION='N' AUTOEXTEND_SIZE=4M SECONDARY_ENGINE_ATTRIBUTE='{}';
-- only: mysql
SET sql_generate_invisible_primary_key=1;
-- only: mysql
CREATE TABLE c44 (a int, b varchar(10));
-- only: mysql
ALTER TABLE c44 ADD c int;
-- only: mysql
CREATE TABLE c45 LIKE c44;
-- only: mysql
SET sql_generate_invisible_primary_key=0;
-- only: mariadb
CREATE OR REPLACE TABLE c21 (q int, w varchar(10) not null);
-- only: mariadb
CREATE OR REPLACE TABLE c21 LIKE c35;
-- only: mariadb
CREATE TABLE c46 (a int) PAGE_COMPRESSED=1 PAGE_COMPRESSION_LEVEL=5 ENCRYPTED=NO;
-- only: mariadb
CREATE SEQUENCE sq1;
-- only: mariadb
CREATE TABLE c47 (a int default (next value for sq1), b int default nextval(sq1));
-- only: mariadb
DROP SEQUENCE sq1;
CREATE TABLE c48 (a int) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE COMMENT = 'x');
CREATE TABLE c49 (a int, b varchar(10)) PARTITION BY LIST COLUMNS (b) (PARTITION p0 VALUES IN ('a','b'), PARTITION p1 VALUES IN ('c)','(d'));
DROP TABLE c1, c2;
DROP TABLE IF EXISTS c3, nothere;
DROP TABLE IF EXISTS nothere;
DROP TABLE c4 CASCADE;
TRUNCATE TABLE c5;
TRUNCATE c6;
CREATE VIEW v1 AS SELECT * FROM c5;
CREATE OR REPLACE ALGORITHM=MERGE DEFINER=root@localhost SQL SECURITY DEFINER VIEW v1 AS SELECT a FROM c5;
DROP VIEW v1;
CREATE FUNCTION f1 (a INT) RETURNS INT DETERMINISTIC RETURN a + 1;
DROP FUNCTION f1;
CREATE PROCEDURE p1 () SELECT 1;
DROP PROCEDURE IF EXISTS p1;
CREATE TRIGGER t1 BEFORE INSERT ON c12 FOR EACH ROW SET NEW.b = 1;
DROP TRIGGER t1;
CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
DROP EVENT e1;
ANALYZE TABLE c5;
OPTIMIZE TABLE c5;
FLUSH TABLES;
CREATE USER IF NOT EXISTS ddl_live@localhost;
GRANT SELECT ON *.* TO ddl_live@localhost;
REVOKE SELECT ON *.* FROM ddl_live@localhost;
DROP USER ddl_live@localhost;
