-- Labels of ENUM and SET in every character set, as text and in digits, and what becomes of them in another set.
-- (SHOW BINLOG EVENTS of MariaDB shows no character outside the BMP: those stand in digits)
CREATE TABLE l1 (id INT PRIMARY KEY, e ENUM(x'f09f9880','x','?',x'613ff09f9882','','it''s','b\\s','c,d') CHARACTER SET utf8mb4, s SET(x'f09f9880','?','y') CHARACTER SET utf8mb4);
-- only: mysql
ALTER TABLE l1 ADD o ENUM('😀','?','😂x') CHARACTER SET utf8mb4, ADD p SET('😀') CHARACTER SET utf32, ADD q ENUM('😀','ä') CHARACTER SET utf8mb3, ADD r ENUM('😀') CHARACTER SET gb18030;
ALTER TABLE l1 ADD b ENUM('ä',x'e4',0xf6,'z  ') CHARACTER SET latin1, ADD c SET('表','ソ') CHARACTER SET sjis, ADD d ENUM('中','￥') CHARACTER SET gbk;
ALTER TABLE l1 ADD f ENUM('ж','ä') CHARACTER SET latin1, ADD g ENUM('ж','€') CHARACTER SET utf16, ADD h ENUM(x'0001f600') CHARACTER SET utf32, ADD i ENUM('Ж') CHARACTER SET koi8r;
ALTER TABLE l1 ADD j ENUM(x'00e4',x'20ac') CHARACTER SET utf16, ADD k ENUM(x'c3a4',x'e4') CHARACTER SET utf8mb4;
-- all labels that a SET can have, each in doubt
CREATE TABLE l13 (id INT PRIMARY KEY, s SET('0?','1?','2?','3?','4?','5?','6?','7?','8?','9?','10?','11?','12?','13?','14?','15?','16?','17?','18?','19?','20?','21?','22?','23?','24?','25?','26?','27?','28?','29?','30?','31?','32?','33?','34?','35?','36?','37?','38?','39?','40?','41?','42?','43?','44?','45?','46?','47?','48?','49?','50?','51?','52?','53?','54?','55?','56?','57?','58?','59?','60?','61?','62?',x'f09f9880'));
-- binary labels are bytes: spaces stay, and what is no text is written in digits
CREATE TABLE l2 (id INT PRIMARY KEY, e ENUM('a',x'e4',x'f6','ä','b  ',x'') CHARACTER SET binary);
-- only: mariadb
ALTER TABLE l2 ADD s SET(x'e4','b',x'ff') CHARACTER SET binary;
-- the servers keep the bytes of labels, and read them in the other character set
CREATE TABLE l3 (id INT PRIMARY KEY, e ENUM('ä','ö','b') CHARACTER SET latin1);
ALTER TABLE l3 CONVERT TO CHARACTER SET binary;
CREATE TABLE l4 (id INT PRIMARY KEY, e ENUM('ä','ж') CHARACTER SET utf8mb4, s SET('é','z') CHARACTER SET utf8mb4);
ALTER TABLE l4 CONVERT TO CHARACTER SET latin1;
CREATE TABLE l5 (id INT PRIMARY KEY, e ENUM('表','a') CHARACTER SET sjis);
ALTER TABLE l5 CONVERT TO CHARACTER SET utf8mb4;
CREATE TABLE l6 (id INT PRIMARY KEY, e ENUM('ж','b') CHARACTER SET cp1251);
ALTER TABLE l6 CONVERT TO CHARACTER SET utf8mb4;
CREATE TABLE l7 (id INT PRIMARY KEY, e ENUM('ä','b') CHARACTER SET utf8mb4);
ALTER TABLE l7 CONVERT TO CHARACTER SET utf16;
CREATE TABLE l8 (id INT PRIMARY KEY, e ENUM('ä','b') CHARACTER SET utf8mb4);
ALTER TABLE l8 CONVERT TO CHARACTER SET binary;
CREATE TABLE l9 (id INT PRIMARY KEY, e ENUM(x'e4','b') CHARACTER SET binary);
ALTER TABLE l9 MODIFY e ENUM('b','c') CHARACTER SET latin1;
CREATE TABLE l10 LIKE l1;
ALTER TABLE l10 DROP COLUMN s, ADD COLUMN z ENUM(x'f09f9880') CHARACTER SET utf8mb4 AFTER id;
-- literals pass through the character set of the connection
SET character_set_connection = latin1;
CREATE TABLE l11 (id INT PRIMARY KEY, e ENUM('ж','ä') CHARACTER SET utf8mb4, b ENUM('ä') CHARACTER SET binary);
SET NAMES utf8mb4;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE l12 (id INT PRIMARY KEY, e ENUM('a\b','c''d','n\n') CHARACTER SET utf8mb4);
SET sql_mode = DEFAULT;
