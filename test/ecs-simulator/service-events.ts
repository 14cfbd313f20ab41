/** Service events: the 100 newest, newest first (developer guide, "Service event messages"). */
import { randomUUID } from 'node:crypto';
import type { Service } from './model.ts';

const MAX_EVENTS = 100;

export function tell(service: Service, createdAtMs: number, message: string): void {
  service.events.unshift({ id: randomUUID(), createdAtMs, message: `(service ${service.name}) ${message}` });
  service.events.splice(MAX_EVENTS);
}
