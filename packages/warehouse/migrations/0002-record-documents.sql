-- additive: no
-- The one way into the facts. Every writer locks in the same order (tenants, workers, types, documents by key, the load),
-- so that no two can wait for each other.

CREATE FUNCTION warehouse.record_documents(batch warehouse.document_row[], OUT changed bigint, OUT appended bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, warehouse
-- Rows are looked up by index, always: a plan that was made while the tables were small would be kept by the session and
-- read them whole for each row.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
AS $$
BEGIN
  -- What a queue delivers again is the usual case: one look finds that all of it is there, and nothing is locked or written.
  changed := 0;
  appended := 0;
  PERFORM FROM unnest(batch) b
  LEFT JOIN dim_tenant t ON t.tenant = b.tenant
  LEFT JOIN dim_worker w ON w.worker = b.worker
  LEFT JOIN dim_document_type y ON y.content_type = b.content_type AND y.text_layer = b.text_layer
  LEFT JOIN fact_document f ON f.document_id = b.document_id AND f.tenant_key = t.tenant_key
  LEFT JOIN fact_document_event e
    ON e.document_id = b.document_id AND e.revision = b.revision AND e.tenant_key = t.tenant_key
  WHERE f.document_id IS NULL OR e.document_id IS NULL OR NOT ((f.revision, f.detail) > (b.revision, b.detail)
    OR (f.revision, f.detail, f.worker_key, f.document_type_key, f.source, f.outcome, f.code, f.artefact_key,
      f.language, f.engine, f.enqueued_at, f.started_at, f.finished_at, f.bytes, f.pages, f.words, f.waited_ms,
      f.extract_ms, f.attempt)
    IS NOT DISTINCT FROM (b.revision, b.detail, w.worker_key, y.document_type_key, b.source, b.outcome, b.code,
      b.artefact_key, b.language, b.engine, b.enqueued_at, b.started_at, b.finished_at, b.bytes, b.pages, b.words,
      b.waited_ms, b.extract_ms, b.attempt))
  LIMIT 1;
  IF NOT FOUND THEN RETURN; END IF;

  INSERT INTO dim_tenant (tenant)
  SELECT DISTINCT b.tenant FROM unnest(batch) b
  WHERE NOT EXISTS (SELECT FROM dim_tenant d WHERE d.tenant = b.tenant) ORDER BY 1
  ON CONFLICT DO NOTHING;
  INSERT INTO dim_worker (worker)
  SELECT DISTINCT b.worker FROM unnest(batch) b
  WHERE NOT EXISTS (SELECT FROM dim_worker d WHERE d.worker = b.worker) ORDER BY 1
  ON CONFLICT DO NOTHING;
  INSERT INTO dim_document_type (content_type, text_layer)
  SELECT DISTINCT b.content_type, b.text_layer FROM unnest(batch) b
  WHERE NOT EXISTS (SELECT FROM dim_document_type d
    WHERE d.content_type = b.content_type AND d.text_layer = b.text_layer) ORDER BY 1, 2
  ON CONFLICT DO NOTHING;

  -- Current state: the highest revision of the batch, if it is newer than what is there or says more of the same.
  INSERT INTO fact_document AS f (document_id, tenant_key, revision, worker_key, document_type_key, finished_date_key,
    finished_on, source, outcome, code, artefact_key, language, engine, enqueued_at, started_at, finished_at, bytes,
    pages, words, waited_ms, extract_ms, attempt, detail, updated_at)
  SELECT DISTINCT ON (b.document_id COLLATE "C", t.tenant_key) b.document_id, t.tenant_key, b.revision, w.worker_key,
    y.document_type_key, to_char(b.finished_at AT TIME ZONE 'UTC', 'YYYYMMDD')::integer,
    (b.finished_at AT TIME ZONE 'UTC')::date, b.source, b.outcome, b.code, b.artefact_key, b.language, b.engine,
    b.enqueued_at, b.started_at, b.finished_at, b.bytes, b.pages, b.words, b.waited_ms, b.extract_ms, b.attempt,
    b.detail, clock_timestamp()
  FROM unnest(batch) b
  JOIN dim_tenant t ON t.tenant = b.tenant
  JOIN dim_worker w ON w.worker = b.worker
  JOIN dim_document_type y ON y.content_type = b.content_type AND y.text_layer = b.text_layer
  ORDER BY b.document_id COLLATE "C", t.tenant_key, b.revision DESC, b.detail DESC
  ON CONFLICT (document_id, tenant_key) DO UPDATE SET revision = excluded.revision, worker_key = excluded.worker_key,
    document_type_key = excluded.document_type_key, finished_date_key = excluded.finished_date_key,
    finished_on = excluded.finished_on, source = excluded.source, outcome = excluded.outcome, code = excluded.code,
    artefact_key = excluded.artefact_key, language = excluded.language, engine = excluded.engine,
    enqueued_at = excluded.enqueued_at, started_at = excluded.started_at, finished_at = excluded.finished_at,
    bytes = excluded.bytes, pages = excluded.pages, words = excluded.words, waited_ms = excluded.waited_ms,
    extract_ms = excluded.extract_ms, attempt = excluded.attempt, detail = excluded.detail,
    updated_at = excluded.updated_at
  WHERE (f.revision, f.detail) <= (excluded.revision, excluded.detail)
    AND (f.revision, f.detail, f.worker_key, f.document_type_key, f.source, f.outcome, f.code, f.artefact_key,
      f.language, f.engine, f.enqueued_at, f.started_at, f.finished_at, f.bytes, f.pages, f.words, f.waited_ms,
      f.extract_ms, f.attempt)
    IS DISTINCT FROM (excluded.revision, excluded.detail, excluded.worker_key, excluded.document_type_key,
      excluded.source, excluded.outcome, excluded.code, excluded.artefact_key, excluded.language, excluded.engine,
      excluded.enqueued_at, excluded.started_at, excluded.finished_at, excluded.bytes, excluded.pages, excluded.words,
      excluded.waited_ms, excluded.extract_ms, excluded.attempt);
  GET DIAGNOSTICS changed = ROW_COUNT;

  -- load_id is given out under one lock that is held until the commit is visible: whoever has seen a load_id has seen
  -- every lower one that will ever be. A batch that appends nothing does not wait for the lock.
  PERFORM FROM unnest(batch) b JOIN dim_tenant t ON t.tenant = b.tenant
  WHERE NOT EXISTS (SELECT FROM fact_document_event e
    WHERE e.document_id = b.document_id AND e.revision = b.revision AND e.tenant_key = t.tenant_key)
  LIMIT 1;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(5642379401);
  INSERT INTO fact_document_event (load_id, loaded_at, document_id, revision, tenant_key, worker_key, document_type_key,
    finished_date_key, finished_on, source, outcome, code, artefact_key, language, engine, enqueued_at, started_at,
    finished_at, bytes, pages, words, waited_ms, extract_ms, attempt, detail)
  SELECT nextval('load_id'), clock_timestamp(), n.* FROM (
    SELECT DISTINCT ON (b.document_id COLLATE "C", b.revision, t.tenant_key) b.document_id, b.revision, t.tenant_key,
      w.worker_key, y.document_type_key, to_char(b.finished_at AT TIME ZONE 'UTC', 'YYYYMMDD')::integer,
      (b.finished_at AT TIME ZONE 'UTC')::date, b.source, b.outcome, b.code, b.artefact_key, b.language, b.engine,
      b.enqueued_at, b.started_at, b.finished_at, b.bytes, b.pages, b.words, b.waited_ms, b.extract_ms, b.attempt,
      b.detail
    FROM unnest(batch) b
    JOIN dim_tenant t ON t.tenant = b.tenant
    JOIN dim_worker w ON w.worker = b.worker
    JOIN dim_document_type y ON y.content_type = b.content_type AND y.text_layer = b.text_layer
    WHERE NOT EXISTS (SELECT FROM fact_document_event e
      WHERE e.document_id = b.document_id AND e.revision = b.revision AND e.tenant_key = t.tenant_key)
    ORDER BY b.document_id COLLATE "C", b.revision, t.tenant_key, b.detail DESC
  ) AS n;
  GET DIAGNOSTICS appended = ROW_COUNT;
END $$;
COMMENT ON FUNCTION warehouse.record_documents IS
  'Records a batch: appends events that are new, brings the current state of documents up to date. Safe to repeat.';
