/**
 * A stand-in for a worker in a container. It says how it is in a file of the folder /stage, named like its host; it has a job
 * as long as there is a file of that name in /stage/jobs, and drains until that is gone.
 *
 * By its arguments: ignoreTerm · deaf (misses the first SIGTERM) · silent (never reports)
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

const [service = '', ...words] = process.argv.slice(2);
const host = hostname();
const startedAtMs = Date.now();
const job = `/stage/jobs/${host}`;
let state = 'running';
let signals = 0;

function report(): void {
  if (words.includes('silent')) return;
  const said = { service, host, state, busySlots: existsSync(job) ? 1 : 0, startedAtMs, atMs: Date.now() };
  mkdirSync('/stage/reports', { recursive: true });
  writeFileSync(`/stage/reports/${host}.new`, JSON.stringify(said));
  renameSync(`/stage/reports/${host}.new`, `/stage/reports/${host}.json`);
}

function leave(): void {
  if (existsSync(job)) setTimeout(leave, 10);
  else process.exit(0);
}

// Of a process before, in the same container.
rmSync(job, { force: true });
mkdirSync('/stage/jobs', { recursive: true });
appendFileSync(`/stage/${service}-starts`, `${host}\n`);
process.on('SIGTERM', () => {
  if (words.includes('ignoreTerm')) return;
  signals += 1;
  if (words.includes('deaf') && signals === 1) return;
  state = 'draining';
  report();
  leave();
});
report();
setInterval(report, 20);
