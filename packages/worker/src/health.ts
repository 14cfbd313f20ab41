/**
 * The worker's health over HTTP: `/livez` (the event loop answers), `/readyz` (messages can be received; 503 with the
 * reason otherwise; a paused worker is well and says `paused`) and `/metrics` (Prometheus text).
 */
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '@longshore/job';
import type { Worker } from './worker.ts';

/** A running health endpoint. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
}

/** Options of {@link serveHealth}. */
export interface HealthOptions {
  readonly worker: Pick<Worker, 'stats' | 'metricsText'>;
  /** 0 takes a free port. */
  readonly port: number;
  /** Default `127.0.0.1`; containers pass `0.0.0.0`. */
  readonly host?: string;
  /** Ready while the last successful receive is younger than this. Default 60 s: three long polls. */
  readonly maxSilenceMs?: number;
  readonly clock?: Clock;
}

/** Starts the health endpoint. */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const { worker, port, host = '127.0.0.1', maxSilenceMs = 60_000, clock = systemClock } = options;
  // An eighth of a small worker's memory, so only for those that serve it.
  const { createServer } = await import('node:http');
  const startedAtMs = clock.nowMs();
  const server = createServer((request, response) => {
    const { status, type, body } = answer(request.url ?? '/');
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  });
  const answer = (url: string): { status: number; type: string; body: string } => {
    if (url === '/metrics')
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: worker.metricsText() };
    if (url === '/livez') return { status: 200, type: 'text/plain', body: 'ok\n' };
    if (url !== '/readyz')
      return { status: 404, type: 'text/plain', body: 'Paths: /livez /readyz /metrics\n' };
    const fault = unready();
    return { status: fault === undefined ? 200 : 503, type: 'text/plain', body: `${fault ?? well()}\n` };
  };
  const well = (): string => (worker.stats().state === 'paused' ? 'paused' : 'ok');
  const unready = (): string | undefined => {
    const { state, lastReceiveAtMs, busy, slots } = worker.stats();
    // Whoever pauses a worker does not want it replaced.
    if (state === 'paused') return undefined;
    if (state !== 'running') return `The worker is ${state}`;
    // A worker with all slots busy does not receive, and is well.
    if (busy >= slots) return undefined;
    const silentMs = clock.nowMs() - (lastReceiveAtMs ?? startedAtMs);
    if (lastReceiveAtMs === undefined && silentMs < maxSilenceMs) return 'No receive has succeeded yet';
    return silentMs < maxSilenceMs
      ? undefined
      : `No receive has succeeded for ${Math.round(silentMs / 1_000)} s`;
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
