-- additive: no
-- The contract with reports, and the role that reads it.

CREATE VIEW bi.dim_date AS SELECT date_key, date, year, quarter, quarter_name, month, month_name, day_of_month, iso_year,
  iso_week, iso_day_of_week, day_name, is_weekend, holiday, fiscal_year, fiscal_quarter FROM warehouse.dim_date;
CREATE VIEW bi.dim_tenant AS SELECT tenant_key, tenant FROM warehouse.dim_tenant;
CREATE VIEW bi.dim_worker AS SELECT worker_key, worker FROM warehouse.dim_worker;
CREATE VIEW bi.dim_document_type AS
  SELECT document_type_key, content_type, text_layer FROM warehouse.dim_document_type;
CREATE VIEW bi.fact_document_event AS SELECT load_id, loaded_at, document_id, revision, tenant_key, worker_key,
  document_type_key, finished_date_key, finished_on, source, outcome, code, artefact_key, language, engine, enqueued_at,
  started_at, finished_at, bytes, pages, words, waited_ms, extract_ms, attempt, detail = 1 AS is_complete
  FROM warehouse.fact_document_event;
CREATE VIEW bi.fact_document AS SELECT document_id, tenant_key, revision, worker_key, document_type_key,
  finished_date_key, finished_on, source, outcome, code, artefact_key, language, engine, enqueued_at, started_at,
  finished_at, bytes, pages, words, waited_ms, extract_ms, attempt, detail = 1 AS is_complete, updated_at
  FROM warehouse.fact_document;
CREATE VIEW bi.freshness AS
  SELECT last.load_id AS last_load_id, last.loaded_at AS last_loaded_at, last.finished_at AS last_finished_at,
    extract(epoch FROM now() - last.loaded_at)::bigint AS since_last_load_seconds,
    (SELECT round(1000 * extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY recent.lag)))::bigint
      FROM (SELECT e.loaded_at - e.finished_at AS lag FROM warehouse.fact_document_event e WHERE e.detail = 1
        ORDER BY e.load_id DESC LIMIT 1000) AS recent) AS lag_p95_ms,
    (SELECT count(*) FROM warehouse.longshore_rejects r WHERE NOT EXISTS (
      SELECT FROM warehouse.fact_document_event e JOIN warehouse.dim_tenant t USING (tenant_key)
      WHERE e.document_id = r.document_id AND e.revision = r.revision AND t.tenant = r.tenant)) AS open_rejects
  FROM (SELECT 1) AS one
  LEFT JOIN (SELECT load_id, loaded_at, finished_at FROM warehouse.fact_document_event
    ORDER BY load_id DESC LIMIT 1) AS last ON true;

-- Tests and several databases of one server share roles, so it may be there already, or appear this moment.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'longshore_bi_reader') THEN
    CREATE ROLE longshore_bi_reader LOGIN;
    ALTER ROLE longshore_bi_reader SET statement_timeout = '5min';
    ALTER ROLE longshore_bi_reader SET default_transaction_read_only = on;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
    MESSAGE = 'The role longshore_bi_reader is missing and this user may not create roles',
    HINT = 'Create it as an administrator: CREATE ROLE longshore_bi_reader LOGIN';
END $$;
GRANT USAGE ON SCHEMA bi TO longshore_bi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA bi TO longshore_bi_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA bi GRANT SELECT ON TABLES TO longshore_bi_reader;
