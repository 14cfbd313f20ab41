/** A process that books once in a transaction, and stalls at the point that it is told until it is killed. */
import { once } from 'node:events';
import { Client } from 'pg';
import { onceInTransaction } from './once-in-transaction.ts';

const [url = '', key = '', point = ''] = process.argv.slice(2);

async function stallIf(reached: string): Promise<void> {
  if (reached !== point) return;
  process.send?.(reached);
  await once(process, 'message');
}

process.once('disconnect', () => process.exit());
const client = new Client({ connectionString: url });
await client.connect();
await client.query('BEGIN');
await onceInTransaction(client, key, async () => {
  await client.query('INSERT INTO ledger VALUES ($1, 100)', [key]);
  await stallIf('effect');
  return 'first';
});
await stallIf('record');
await client.query('COMMIT');
await stallIf('commit');
