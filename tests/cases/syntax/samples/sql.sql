-- Orders of a shop.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city TEXT DEFAULT 'Köln'
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER REFERENCES customers (id),
    total NUMERIC(10, 2) NOT NULL
);

CREATE INDEX orders_by_customer ON orders (customer_id);

/* What a customer still owes. */
CREATE VIEW debts AS
SELECT c.name, SUM(o.total) AS total
FROM customers AS c
JOIN orders AS o ON o.customer_id = c.id
WHERE o.total > 0
GROUP BY c.name
HAVING SUM(o.total) > 10
ORDER BY total DESC;

CREATE FUNCTION total_of(customer INTEGER) RETURNS NUMERIC AS $$
BEGIN
    RETURN (SELECT SUM(total) FROM orders WHERE customer_id = customer);
END;
$$ LANGUAGE plpgsql;

INSERT INTO customers (id, name) VALUES (1, 'O''Hara'), (2, 'Zoë');

UPDATE orders
SET total = total * 2
WHERE customer_id IN (SELECT id FROM customers WHERE city = 'Köln');
