/** A process that records the documents of its input and says of each when it was acknowledged; made to be killed. */
import { text } from 'node:stream/consumers';
import { connectWarehouse } from './connect.ts';
import type { DocumentEvent } from './document-event.ts';
import { warehouse } from './warehouse.ts';

const [url = ''] = process.argv.slice(2);
const events = JSON.parse(await text(process.stdin)) as readonly DocumentEvent[];
const pool = await connectWarehouse({ url, tls: 'insecure' });
const sink = warehouse({ pool, maxRows: 20, maxWaitMs: 1 });
await Promise.all(
  events.map(async (event) => {
    const { kind } = await sink.record(event);
    if (kind === 'recorded') process.stdout.write(`${event.documentId}:${event.revision}\n`);
  }),
);
await pool.end();
