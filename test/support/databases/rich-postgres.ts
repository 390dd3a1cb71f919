/**
 * A database with one of everything that pg_dump knows and that needs no other server: odd names, partitions,
 * inheritance, generated and identity columns, views, types, functions, triggers, policies, large objects. It has the
 * role `shop "owner"`, which is made first.
 */
export const RICH_OWNER = 'shop "owner"'

export const RICH_ROLES = 'CREATE ROLE "shop ""owner""" NOLOGIN; CREATE ROLE reader NOLOGIN'

export const RICH = String.raw`
CREATE SCHEMA "We ""ird";
CREATE SCHEMA app AUTHORIZATION "shop ""owner""";
CREATE TYPE app.state AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
CREATE TYPE app.pair AS (a int, b text);
CREATE SEQUENCE app.counter START 5 INCREMENT 5;
CREATE SEQUENCE app.never;
CREATE SEQUENCE app.down INCREMENT -1;
SELECT nextval('app.counter'), nextval('app.counter'), nextval('app.down');
CREATE TABLE app.customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL,
  mail app.email, dropped int, upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
  kind varchar(9) DEFAULT 'new' CHECK (kind IN ('new', 'old')));
ALTER TABLE app.customers DROP COLUMN dropped;
ALTER TABLE app.customers OWNER TO "shop ""owner""";
GRANT SELECT ON app.customers TO reader;
INSERT INTO app.customers (name, mail) SELECT 'name ' || i, i || '@x' FROM generate_series(1, 1000) i;
CREATE TABLE app.orders (id bigserial, customer int REFERENCES app.customers ON DELETE CASCADE, state app.state,
  at date NOT NULL, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.orders_2025 PARTITION OF app.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.orders_rest PARTITION OF app.orders DEFAULT;
CREATE INDEX orders_note ON app.orders (lower(note)) WHERE note IS NOT NULL;
INSERT INTO app.orders (customer, state, at, note)
  SELECT 1 + i % 1000, 'paid', date '2025-12-01' + i % 60, E'tab\t newline\n back\\ \\. ' || i
  FROM generate_series(1, 5000) i;
CREATE TABLE "We ""ird"."ta'ble
'x' FROM stdin;" ("sel ect" int, "a
b" text);
INSERT INTO "We ""ird"."ta'ble
'x' FROM stdin;" VALUES (1, E'\\.'), (2, NULL), (3, '');
CREATE TABLE "We ""ird"."select" (i int);
CREATE TABLE app.empty (i int);
CREATE TABLE app.no_columns ();
INSERT INTO app.no_columns DEFAULT VALUES;
INSERT INTO app.no_columns DEFAULT VALUES;
CREATE UNLOGGED TABLE app.fleeting (i int);
INSERT INTO app.fleeting VALUES (1);
CREATE TABLE app.animals (name text);
CREATE TABLE app.dogs (breed text) INHERITS (app.animals);
ALTER TABLE app.animals ADD COLUMN legs int DEFAULT 4;
INSERT INTO app.animals VALUES ('cat');
INSERT INTO app.dogs VALUES ('rex', 'x'), ('bob', 'y');
CREATE VIEW app.paid AS SELECT * FROM app.orders WHERE state IN ('paid', 'sent');
CREATE MATERIALIZED VIEW app.totals AS SELECT state, count(*) FROM app.orders GROUP BY 1;
CREATE FUNCTION app.f(a int, b text DEFAULT 'x') RETURNS text LANGUAGE sql AS $$
SELECT 'COPY public.t FROM stdin;' || '
COPY app.empty (i) FROM stdin;
1
\.
'
$$;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE RULE quiet AS ON DELETE TO app.empty DO INSTEAD NOTHING;
CREATE TABLE app.secret (owner text, x int);
ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.secret USING (owner = current_user);
INSERT INTO app.secret VALUES ('a', 1), ('b', 2);
CREATE PUBLICATION pub FOR TABLE app.customers;
COMMENT ON TABLE app.orders IS 'all of them';
SELECT lo_from_bytea(0, decode(repeat('00ff0a5c2e0a', 10000), 'hex'));
SELECT lo_from_bytea(0, '\x');
`
