-- additive: no
-- The star schema: private tables in `warehouse`, the views that people read in `bi`.

CREATE SCHEMA bi;
COMMENT ON SCHEMA warehouse IS 'Tables of the warehouse. Private: read the views of schema bi.';
COMMENT ON SCHEMA bi IS 'What reports read. Columns are added, never renamed or removed.';

CREATE TABLE warehouse.dim_date (
  date_key integer PRIMARY KEY,
  date date NOT NULL UNIQUE,
  year smallint NOT NULL,
  quarter smallint NOT NULL,
  quarter_name text NOT NULL,
  month smallint NOT NULL,
  month_name text NOT NULL,
  day_of_month smallint NOT NULL,
  iso_year smallint NOT NULL,
  iso_week smallint NOT NULL,
  iso_day_of_week smallint NOT NULL,
  day_name text NOT NULL,
  is_weekend boolean NOT NULL,
  holiday text,
  fiscal_year smallint,
  fiscal_quarter smallint
);
INSERT INTO warehouse.dim_date
SELECT to_char(d, 'YYYYMMDD')::integer, d, extract(year FROM d), extract(quarter FROM d), 'Q' || extract(quarter FROM d),
  extract(month FROM d), to_char(d, 'FMMonth'), extract(day FROM d), extract(isoyear FROM d), extract(week FROM d),
  extract(isodow FROM d), to_char(d, 'FMDay'), extract(isodow FROM d) >= 6
FROM (SELECT generate_series('2000-01-01'::timestamp, '2099-12-31', '1 day')::date AS d) AS days;

CREATE TABLE warehouse.dim_tenant (
  tenant_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE warehouse.dim_worker (
  worker_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  worker text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE warehouse.dim_document_type (
  document_type_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  content_type text COLLATE "C" NOT NULL,
  text_layer text COLLATE "C" NOT NULL,
  UNIQUE (content_type, text_layer)
);

-- What a writer hands over: one row for each extraction of a document.
CREATE TYPE warehouse.document_row AS (
  document_id text, revision integer, tenant text, detail smallint, source text, outcome text, code text,
  artefact_key text, content_type text, bytes bigint, pages integer, words bigint, language text, text_layer text,
  engine text, enqueued_at timestamptz, started_at timestamptz, finished_at timestamptz, waited_ms bigint,
  extract_ms bigint, attempt integer, worker text
);

CREATE SEQUENCE warehouse.load_id AS bigint CACHE 1;

CREATE TABLE warehouse.fact_document_event (
  load_id bigint PRIMARY KEY,
  loaded_at timestamptz NOT NULL,
  document_id text COLLATE "C" NOT NULL CHECK (document_id ~ '^[0-9a-f]{64}$'),
  revision integer NOT NULL CHECK (revision >= 1),
  tenant_key integer NOT NULL,
  worker_key integer NOT NULL,
  document_type_key integer NOT NULL,
  finished_date_key integer NOT NULL,
  finished_on date NOT NULL CHECK (finished_on BETWEEN '2000-01-01' AND '2099-12-31'),
  source text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('extracted', 'rejected')),
  code text,
  artefact_key text,
  language text NOT NULL,
  engine text,
  enqueued_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz NOT NULL,
  bytes bigint CHECK (bytes >= 0),
  pages integer NOT NULL CHECK (pages >= 0),
  words bigint NOT NULL CHECK (words >= 0),
  waited_ms bigint CHECK (waited_ms >= 0),
  extract_ms bigint CHECK (extract_ms >= 0),
  attempt integer,
  detail smallint NOT NULL,
  UNIQUE (document_id, revision, tenant_key)
);

CREATE TABLE warehouse.fact_document (
  document_id text COLLATE "C" NOT NULL CHECK (document_id ~ '^[0-9a-f]{64}$'),
  tenant_key integer NOT NULL,
  revision integer NOT NULL CHECK (revision >= 1),
  worker_key integer NOT NULL,
  document_type_key integer NOT NULL,
  finished_date_key integer NOT NULL,
  finished_on date NOT NULL CHECK (finished_on BETWEEN '2000-01-01' AND '2099-12-31'),
  source text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('extracted', 'rejected')),
  code text,
  artefact_key text,
  language text NOT NULL,
  engine text,
  enqueued_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz NOT NULL,
  bytes bigint CHECK (bytes >= 0),
  pages integer NOT NULL CHECK (pages >= 0),
  words bigint NOT NULL CHECK (words >= 0),
  waited_ms bigint CHECK (waited_ms >= 0),
  extract_ms bigint CHECK (extract_ms >= 0),
  attempt integer,
  detail smallint NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (document_id, tenant_key)
) WITH (fillfactor = 80);

CREATE TABLE warehouse.longshore_rejects (
  document_id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  tenant text NOT NULL,
  reason text NOT NULL,
  sql_state text NOT NULL,
  payload text NOT NULL,
  rejected_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (document_id, revision, tenant)
);
