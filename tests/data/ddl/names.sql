-- Names without case: the servers compare them by tables of their own (model/ident), for all letters.
CREATE TABLE n1 (id INT PRIMARY KEY, `É` INT, `Имя` VARCHAR(9), KEY `Ключ` (`Имя`));
ALTER TABLE n1 MODIFY `é` BIGINT;
ALTER TABLE n1 MODIFY `É` INT FIRST, MODIFY `имя` VARCHAR(50) AFTER `é`;
ALTER TABLE n1 CHANGE `ИМЯ` `Name` VARCHAR(20), ADD `Ö` INT AFTER `NAME`;
ALTER TABLE n1 RENAME COLUMN `ö` TO `Ü`, ALTER COLUMN `é` SET DEFAULT 5;
ALTER TABLE n1 DROP INDEX `КЛЮЧ`, ADD INDEX `Ä` (`ü`, `é`);
ALTER TABLE n1 RENAME INDEX `ä` TO `Ñ`;
DROP INDEX `ñ` ON n1;
CREATE INDEX `ÇA` ON n1 (`Ü`);
ALTER TABLE n1 DROP COLUMN `ü`;
-- only: mariadb
ALTER TABLE n1 MODIFY COLUMN IF EXISTS `É` BIGINT AFTER id;
-- only: mariadb
ALTER TABLE n1 ADD COLUMN IF NOT EXISTS `É` VARCHAR(9);
-- only: mariadb
ALTER TABLE n1 CHANGE COLUMN IF EXISTS `É` `é` INT FIRST;
-- only: mariadb
ALTER TABLE n1 DROP COLUMN IF EXISTS `È`;
-- only: mariadb
ALTER TABLE n1 DROP COLUMN IF EXISTS `É`;
-- what only looks alike is another name
ALTER TABLE n1 ADD `ê` INT, ADD `e` INT, ADD `ё` INT, ADD `е` INT, ADD `ſ` INT, ADD s INT, ADD `ς` INT, ADD `σ` INT;
ALTER TABLE n1 MODIFY `Ê` BIGINT, MODIFY `E` SMALLINT, MODIFY `Ё` TINYINT, MODIFY S BIGINT, MODIFY `Σ` SMALLINT FIRST;
-- letters whose other case is longer or shorter in UTF-8
CREATE TABLE n2 (`İ` INT PRIMARY KEY, `K` INT, `Ω` INT, `ÿ` INT, KEY `Å` (`ÿ`));
ALTER TABLE n2 MODIFY i BIGINT, MODIFY k BIGINT FIRST;
ALTER TABLE n2 MODIFY `ω` SMALLINT AFTER k, CHANGE `Ÿ` `Y` INT;
ALTER TABLE n2 DROP INDEX `å`;
-- only: mariadb
ALTER TABLE n2 ADD COLUMN IF NOT EXISTS `İ` INT, MODIFY COLUMN IF EXISTS `K` INT AFTER y;
-- only: mariadb
ALTER TABLE n2 DROP COLUMN IF EXISTS `Ω`;
-- names are utf8mb3 in the servers
-- only: mysql
CREATE TABLE `n😀` (id INT PRIMARY KEY, `😀` INT, KEY `k😀` (`😀`));
-- only: mysql
ALTER TABLE `n?` ADD x INT AFTER `?`;
