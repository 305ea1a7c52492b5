-- The small shop that the examples copy: mysql < scripts/examples/shop.sql
CREATE DATABASE IF NOT EXISTS shop;
USE shop;

CREATE TABLE users (
  id INT PRIMARY KEY, name VARCHAR(60), mail VARCHAR(90), phone VARCHAR(30), password VARCHAR(64), city VARCHAR(40));
INSERT INTO users VALUES
  (1, 'Alice', 'alice@example.com', '+49 170 1234567', 's3cret', 'Berlin'),
  (2, 'Bob', 'bob@example.com', '+1 212 555 0100', 'hunter2', 'New York'),
  (3, 'Chen', NULL, NULL, 'pass', 'Hangzhou');

CREATE TABLE orders_2023 (
  id INT PRIMARY KEY, user_id INT NOT NULL, status VARCHAR(12) NOT NULL, price DECIMAL(10,2) NOT NULL, qty INT NOT NULL);
CREATE TABLE orders_2024 LIKE orders_2023;
INSERT INTO orders_2023 VALUES (1, 1, 'paid', 19.90, 2), (2, 2, 'draft', 5.00, 1);
INSERT INTO orders_2024 VALUES (1, 2, 'paid', 100.00, 3), (2, 3, 'shipped', 7.25, 4);

CREATE TABLE carts (id INT PRIMARY KEY, user_id INT NOT NULL, total DECIMAL(10,2) NOT NULL);
INSERT INTO carts VALUES (1, 1, 12.50), (2, 2, 250.00);

CREATE TABLE events (id INT PRIMARY KEY, region VARCHAR(8) NOT NULL, kind VARCHAR(20) NOT NULL, note VARCHAR(200));
INSERT INTO events VALUES (1, 'eu', 'login', '  from  Berlin '), (2, 'us', 'login', NULL), (3, 'eu', 'logout', 'bye');

CREATE TABLE stock (product_id INT, warehouse CHAR(4), qty INT NOT NULL, PRIMARY KEY (product_id, warehouse));
INSERT INTO stock VALUES (1, 'BER', 10), (1, 'NYC', 0), (2, 'BER', 3);

CREATE TABLE clicks (user_id INT NOT NULL, session VARCHAR(40), page VARCHAR(80) NOT NULL);
INSERT INTO clicks VALUES (1, 'a1', '/home'), (1, 'a1', '/cart'), (2, NULL, '/home');
