/** Receipt handles: opaque to clients, new with each delivery. */
import { SqsFault } from '../protocol/fault.ts';

/** What a handle stands for. */
export interface Receipt {
  readonly queue: number;
  readonly seq: number;
  /** Mark of the delivery. */
  readonly delivery: string;
  readonly receivedMs: number;
}

const FORM = /^(\d+) (\d+) (\d+) ([\w-]{36})$/;

/** Writes a handle. */
export function writeHandle({ queue, seq, delivery, receivedMs }: Receipt): string {
  return Buffer.from(`${queue} ${seq} ${receivedMs} ${delivery}`, 'latin1').toString('base64');
}

/** Reads a handle. @throws SqsFault `ReceiptHandleIsInvalid` for what no queue gave, or another one did. */
export function readHandle(handle: string, queue: number): Receipt {
  const parts = FORM.exec(Buffer.from(handle, 'base64').toString('latin1'));
  const [, owner = '', seq = '', receivedMs = '', delivery = ''] = parts ?? [];
  if (parts === null || Number(owner) !== queue) {
    throw new SqsFault(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
    );
  }
  return { queue, seq: Number(seq), delivery, receivedMs: Number(receivedMs) };
}
