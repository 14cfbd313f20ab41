/** A controller of a hundred services, alone in its process; prints its memory and its CPU time for a round. */
import { setImmediate as turn } from 'node:timers/promises';
import { controllerOf } from './load.ts';

const round = controllerOf(100);
const WARM_UP = 300;
const ROUNDS = 300;

for (let index = 0; index < WARM_UP; index += 1) {
  await round();
  await turn();
}
const before = process.cpuUsage();
for (let index = 0; index < ROUNDS; index += 1) {
  await round();
  await turn();
}
const { user, system } = process.cpuUsage(before);
const rssBytes = process.memoryUsage.rss();
// Run with --expose-gc: what is left is what the controller keeps.
globalThis.gc?.();
const heapBytes = process.memoryUsage().heapUsed;
process.stdout.write(JSON.stringify({ rssBytes, heapBytes, cpuMsPerTick: (user + system) / 1_000 / ROUNDS }));
