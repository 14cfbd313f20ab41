/** Events as a fleet makes them: some workers, one tenant in four, ids without order. */
import { createHash } from 'node:crypto';
import type { DocumentEvent } from '@longshore/warehouse';

/** Makes them. */
export function benchEvents(rows: number): readonly DocumentEvent[] {
  return Array.from({ length: rows }, (_, n) => {
    const documentId = createHash('sha256').update(String(n)).digest('hex');
    const finishedAtMs = 1_770_000_000_000 + n * 37;
    return {
      documentId,
      revision: 1,
      source: `inbox/2026/letter-${n}.pdf`,
      outcome: 'extracted',
      artefactKey: `extractions/1/${documentId}.json`,
      contentType: 'application/pdf',
      bytes: 20_000 + (n % 5_000),
      pages: 1 + (n % 30),
      words: 300 * (1 + (n % 30)),
      language: n % 3 === 0 ? 'fr' : 'en',
      textLayer: 'present',
      engine: 'pdfium',
      enqueuedAt: new Date(finishedAtMs - 1_200).toISOString(),
      startedAt: new Date(finishedAtMs - 200).toISOString(),
      finishedAt: new Date(finishedAtMs).toISOString(),
      waitedMs: 1_000,
      extractMs: 200,
      attempt: 1,
      worker: `worker-${n % 8}`,
      ...(n % 4 === 0 ? { tenant: 'acme' } : {}),
    };
  });
}
