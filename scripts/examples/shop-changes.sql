-- What happens in the shop after an example has copied it, for the expected outputs: mysql < scripts/examples/shop-changes.sql
INSERT INTO shop.users VALUES (4, 'Dana', 'dana@example.com', '030 1234', 'dd', 'Berlin');
UPDATE shop.users SET mail = 'chen@example.com', city = 'Shanghai' WHERE id = 3;
DELETE FROM shop.users WHERE id = 2;
INSERT INTO shop.orders_2024 VALUES (3, 1, 'draft', 9.99, 1);
UPDATE shop.orders_2024 SET status = 'paid' WHERE id = 3;
UPDATE shop.orders_2024 SET status = 'draft' WHERE id = 1;
DELETE FROM shop.orders_2023 WHERE id = 1;
INSERT INTO shop.carts VALUES (3, 2, 120.50), (4, 3, 0.00);
UPDATE shop.carts SET total = 14.00 WHERE id = 1;
INSERT INTO shop.events VALUES (4, 'us', 'logout', '  see   you ');
UPDATE shop.events SET region = 'us' WHERE id = 1;
UPDATE shop.stock SET qty = qty - 1 WHERE product_id = 1 AND warehouse = 'BER';
INSERT INTO shop.clicks VALUES (3, 'c3', '/home');
