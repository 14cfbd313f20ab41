/** Which call meets which fault: kinds, rates and the decision, without any I/O. */
import type { Dice } from './dice.ts';

/**
 * - `refused`: the connection is reset before the call is executed
 * - `error`: 500 or 503, not executed
 * - `throttled`: 400 `RequestThrottled`, not executed
 * - `delayed`: executed late
 * - `lost`: executed, then the connection is reset instead of an answer
 * - `truncated`: executed, the answer ends halfway
 * - `partial`: some entries of a batch are answered as failed, executed or not
 * - `duplicate`: the answer to another poll, delivered once more
 * - `silent`: no answer, the socket stays open; executed or not
 */
export const FAULT_KINDS = [
  'refused',
  'error',
  'throttled',
  'delayed',
  'lost',
  'truncated',
  'partial',
  'duplicate',
  'silent',
] as const;

/** A kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Share of the calls that meet each kind, 0 to 1 in all. Kinds that are left out do not occur. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

/** Faulty weather: about one call in seven. */
export const STORM: FaultRates = {
  refused: 0.015,
  error: 0.015,
  throttled: 0.015,
  delayed: 0.015,
  lost: 0.025,
  truncated: 0.01,
  partial: 0.06,
  duplicate: 0.025,
  silent: 0.002,
};

/** The fault that a call of this action meets, if any. Kinds that the action cannot have are no fault. */
export function faultOf(dice: Dice, action: string, rates: FaultRates): FaultKind | undefined {
  let left = dice.roll();
  for (const kind of FAULT_KINDS) {
    left -= rates[kind] ?? 0;
    if (left < 0) return canHappen(kind, action) ? kind : undefined;
  }
  return undefined;
}

function canHappen(kind: FaultKind, action: string): boolean {
  if (kind === 'partial') return action.endsWith('Batch');
  if (kind === 'duplicate') return action === 'ReceiveMessage';
  return true;
}
