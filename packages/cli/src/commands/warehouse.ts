/** `longshore warehouse`: the PostgreSQL warehouse that reports read. */
import type { Command } from '../command.ts';
import { backfill } from './warehouse-backfill.ts';
import { check } from './warehouse-check.ts';
import { migrate } from './warehouse-migrate.ts';

/** The command. */
export const warehouse: Command = {
  name: 'warehouse',
  summary: 'Prepare, fill and check the PostgreSQL warehouse',
  description: [
    'LONGSHORE_WAREHOUSE_URL says where it is. TLS is verified: LONGSHORE_WAREHOUSE_CA names the bundle of RDS; LONGSHORE_WAREHOUSE_TLS=insecure does without; LONGSHORE_WAREHOUSE_IAM=on uses RDS IAM tokens.',
  ],
  subcommands: [migrate, backfill, check],
  examples: [
    { command: 'longshore warehouse migrate', note: 'Once before each deployment' },
    { command: 'longshore warehouse backfill', note: 'Everything that the object store has' },
  ],
};
