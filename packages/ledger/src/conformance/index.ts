export { describeLedger } from './describe-ledger.ts';
export type { LedgerSuite, OpenedLedger } from './describe-ledger.ts';
