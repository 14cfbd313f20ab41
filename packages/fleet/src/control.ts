/**
 * What the workers of one service are told: an object in the fleet's object store, written by whoever leads the fleet
 * and read by every worker every few seconds.
 *
 * It says all there is to say, so that a document that is lost or read twice changes nothing; one that is missing, wrong
 * or old means that workers run as configured.
 */
import { fieldsReader } from './read-fields.ts';

/** Intent for the workers of one service. */
export interface ControlDocument {
  readonly version: 1;
  /** Name of the service in the fleet. */
  readonly service: string;
  /** Term of the leader that wrote it, from 0: of two documents the one with the higher term counts. */
  readonly term: number;
  /** Ids of workers that shall take no work, at most {@link MAX_DRAINED_WORKERS}. */
  readonly drain: readonly string[];
  /** Whether no worker shall take work. */
  readonly isPaused: boolean;
  /** When it was written, on the writer's clock. */
  readonly atMs: number;
}

/** Result of {@link parseControl}. */
export type ParsedControl =
  | { readonly ok: true; readonly value: ControlDocument }
  | { readonly ok: false; readonly reason: string };

/** A document older than this is ignored, so that a writer that died leaves no worker paused. */
export const CONTROL_EXPIRES_MS = 600_000;
/** As many as a service has tasks at most; the document then has 200 kB. */
export const MAX_DRAINED_WORKERS = 5_000;
const MAX_ID_CHARACTERS = 64;

/** Where the document of a service lies. */
export function controlKey(service: string): string {
  return `control/${service}.json`;
}

/** Whether a document still counts; one from far ahead does not, since it would not expire in time. */
export function isControlCurrent({ atMs }: Pick<ControlDocument, 'atMs'>, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) <= CONTROL_EXPIRES_MS;
}

/** Reads a document for this service. Unknown keys are dropped. Never throws. */
export function parseControl(value: unknown, service: string): ParsedControl {
  const faults: string[] = [];
  const read = fieldsReader(value, faults);
  if (read === undefined) return { ok: false, reason: 'it is no object' };
  if (read.raw('version') !== 1) return { ok: false, reason: 'its version is not 1' };
  if (read.raw('service') !== service) faults.push(`service is not "${service}"`);
  const named = read.list('drain', MAX_DRAINED_WORKERS);
  const drain = named.filter(isWorkerId);
  if (drain.length < named.length) faults.push('drain holds what is no worker id');
  const document: ControlDocument = {
    version: 1,
    service,
    term: read.count('term'),
    drain,
    isPaused: read.flag('isPaused'),
    atMs: read.amount('atMs'),
  };
  return faults.length === 0 ? { ok: true, value: document } : { ok: false, reason: faults.join('; ') };
}

function isWorkerId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_CHARACTERS;
}
