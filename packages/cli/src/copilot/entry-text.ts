/** A queue and a service as the text of a fleet file. */
import type { QueueInput, ServiceInput } from '@longshore/fleet';
import { propertyKey, type FleetEntry } from 'create-longshore';

/** The text, as `prepareEntry` takes it. */
export function entryText(name: string, queue: QueueInput, service: ServiceInput): FleetEntry {
  const fields = Object.entries(service).map(([key, value]) => `  ${key}: ${literal(value)},`);
  return {
    queue: `${propertyKey(name)}: ${literal(queue)},`,
    service: [`${propertyKey(name)}: {`, ...fields, '},'].join('\n'),
  };
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, inner]) => `${key}: ${literal(inner)}`);
  return `{ ${fields.join(', ')} }`;
}
