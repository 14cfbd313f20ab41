/** Whether the warehouse has what the object store has: counts, the first that are missing, rejects, lag. Reads only. */
import type { ObjectStore } from '@longshore/objects';
import type pg from 'pg';
import { arrayLiteral } from './array-literal.ts';
import { unavailable } from './fault.ts';
import { storedKeys, type StoredKey } from './stored-documents.ts';

/** What a check found. */
export interface WarehouseCheck {
  /** Results in the object store: artefacts and rejections. */
  readonly stored: number;
  /** Results of the store that have a row. */
  readonly matched: number;
  readonly missing: number;
  /** The first hundred that are missing, as `documentId@revision`. */
  readonly missingExamples: readonly string[];
  /** Extractions in the warehouse; one that several tenants have counts once. */
  readonly recorded: number;
  /** Of these, how many the store does not have: deleted there, or never of this store. */
  readonly notStored: number;
  readonly openRejects: number;
  /** Of `bi.freshness`; `null` in an empty warehouse. */
  readonly lagP95Ms: number | null;
  readonly lastLoadedAt: string | null;
}

const PAGE_ROWS = 5_000;
const MAX_EXAMPLES = 100;

const MISSING = `SELECT k.id || '@' || k.revision AS missing FROM unnest($1::text[], $2::integer[]) AS k (id, revision)
WHERE NOT EXISTS (SELECT FROM warehouse.fact_document_event e WHERE e.document_id = k.id AND e.revision = k.revision)`;

/** Compares. @throws LongshoreError `dependency_down`; the errors of the store */
export async function checkWarehouse(options: {
  readonly pool: pg.Pool;
  readonly objects: ObjectStore;
  readonly signal?: AbortSignal;
}): Promise<WarehouseCheck> {
  const { pool, objects, signal } = options;
  let [stored, missing] = [0, 0];
  const missingExamples: string[] = [];
  const look = async (page: readonly StoredKey[]): Promise<void> => {
    const rows = await rowsOf<{ missing: string }>(pool, MISSING, [
      arrayLiteral(page.map(({ documentId }) => documentId)),
      arrayLiteral(page.map(({ revision }) => revision)),
    ]);
    stored += page.length;
    missing += rows.length;
    missingExamples.push(...rows.slice(0, MAX_EXAMPLES - missingExamples.length).map((row) => row.missing));
  };
  let page: StoredKey[] = [];
  for await (const key of storedKeys(objects, signal)) {
    page.push(key);
    if (page.length < PAGE_ROWS) continue;
    await look(page);
    page = [];
  }
  if (page.length > 0) await look(page);
  const [facts] = await rowsOf<Facts>(pool, FACTS, []);
  const recorded = Number(facts?.recorded ?? 0);
  const matched = stored - missing;
  return {
    stored,
    matched,
    missing,
    missingExamples,
    recorded,
    notStored: Math.max(0, recorded - matched),
    openRejects: Number(facts?.open_rejects ?? 0),
    lagP95Ms: typeof facts?.lag_p95_ms === 'string' ? Number(facts.lag_p95_ms) : null,
    lastLoadedAt: facts?.last_loaded_at?.toISOString() ?? null,
  };
}

interface Facts {
  readonly recorded: string;
  readonly open_rejects: string;
  readonly lag_p95_ms: string | null;
  readonly last_loaded_at: Date | null;
}

const FACTS = `SELECT (SELECT count(*) FROM (SELECT DISTINCT document_id, revision FROM warehouse.fact_document_event) AS d)
  AS recorded, open_rejects, lag_p95_ms, last_loaded_at FROM bi.freshness`;

async function rowsOf<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly string[],
): Promise<readonly Row[]> {
  try {
    return (await pool.query<Row>(text, [...values])).rows;
  } catch (error) {
    throw unavailable(error);
  }
}
