/**
 * An operator's hand on the count: "10 tasks until 18:00". A pin lies in the object store, replaces the policy's count
 * while it lasts, and ends by itself.
 */
import { LongshoreError } from '@longshore/job';
import { readJson, writeJson, type ObjectStore } from '@longshore/objects';

/** A pin. */
export interface Pin {
  readonly service: string;
  /** Tasks that should run; the fleet's bounds and the busy tasks still hold. */
  readonly tasks: number;
  readonly untilMs: number;
  /** Who set it. */
  readonly by: string;
  readonly atMs: number;
  readonly note?: string;
}

/** A week: a pin that is forgotten must not rule for ever. */
export const MAX_PIN_MS = 604_800_000;
const PREFIX = 'autoscaler/pins/';

/** Pins a service. @throws LongshoreError `invalid_options` for a count or a time that cannot be */
export async function pinService(objects: ObjectStore, pin: Pin): Promise<void> {
  const faults: string[] = [];
  if (!(Number.isSafeInteger(pin.tasks) && pin.tasks >= 0))
    faults.push(`tasks is ${pin.tasks}, expected a whole number from 0`);
  if (!(pin.untilMs > pin.atMs)) faults.push('the end is not in the future');
  if (pin.untilMs - pin.atMs > MAX_PIN_MS) faults.push('the end is more than seven days away');
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot pin "${pin.service}": ${faults.join('; ')}`);
  await writeJson(objects, keyOf(pin.service), pin);
}

/** Removes a pin; nothing happens when there is none. */
export async function unpinService(objects: ObjectStore, service: string): Promise<void> {
  await objects.delete(keyOf(service));
}

/** The pin of a service while it lasts. One that cannot be read counts as none. */
export async function readPin(
  objects: ObjectStore,
  service: string,
  nowMs: number,
): Promise<Pin | undefined> {
  const pin = parsePin(await readJson(objects, keyOf(service), { maxBytes: 4_096 }), service);
  return pin !== undefined && pin.untilMs > nowMs ? pin : undefined;
}

function parsePin(value: unknown, service: string): Pin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { tasks, untilMs, by, atMs, note } = value as Readonly<Record<string, unknown>>;
  if (typeof tasks !== 'number' || !Number.isSafeInteger(tasks) || tasks < 0) return undefined;
  if (typeof untilMs !== 'number' || typeof atMs !== 'number' || typeof by !== 'string') return undefined;
  if (!(untilMs - atMs <= MAX_PIN_MS)) return undefined;
  return { service, tasks, untilMs, by, atMs, ...(typeof note === 'string' ? { note } : {}) };
}

function keyOf(service: string): string {
  return `${PREFIX}${service}.json`;
}
