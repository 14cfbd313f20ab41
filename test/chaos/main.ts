/**
 * `pnpm chaos`: real worker processes under kill -9 and a lying network, and an audit of what became of every job. Exit
 * code 1 when a job is lost, a good one is among the dead letters, an effect with a key happened twice, or when the run
 * was gentler than it claims to be.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { faultTable } from './fault-figures.ts';
import { longshoreSystem } from './longshore-system.ts';
import { runPeers } from './peers.ts';
import { soak, type SoakResult } from './soak.ts';

/** The seed of every run that asks for no other. */
const SEED = 20_261_123;
/** What a run must at least have gone through for its figures to mean something. */
const FLOOR = { jobs: 6_000, kills: 35, faultShare: 0.1 };
const SHORT_WAVES = 38;
const WAVE = { jobs: 160, everyMs: 900 };
const LONG_MINUTES = 30;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    random: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    peers: { type: 'boolean', default: false },
    transport: { type: 'string', default: 'lean' },
    json: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? (values.random ? randomInt(2 ** 31) : SEED) : Number(values.seed);
const minutes = Number(values.minutes ?? LONG_MINUTES);
if (!Number.isInteger(seed)) throw new Error(`--seed is "${values.seed}", expected a whole number`);
const transport = values.transport === 'sdk' ? 'sdk' : 'lean';
if (transport !== values.transport)
  throw new Error(`--transport is "${values.transport}", expected lean or sdk`);
if (!(minutes > 0)) throw new Error(`--minutes is "${values.minutes}", expected a number above 0`);

const say = (line: string): void => {
  if (!values.json) console.log(line);
};
say(`Seed ${seed}`);
process.exitCode = values.peers ? await comparePeers() : await runSoak();

async function runSoak(): Promise<number> {
  const result = await soak({
    system: longshoreSystem({ transport }),
    seed,
    wave: WAVE,
    workers: 4,
    killers: 2,
    isLong: values.long,
    isOver: ({ waves, kills, elapsedMs }) =>
      values.long ? elapsedMs > minutes * 60_000 : waves >= SHORT_WAVES && kills >= FLOOR.kills,
    say,
  });
  report(result);
  const faults = faultsOf(result);
  for (const fault of faults) console.error(fault);
  console.log(
    JSON.stringify({
      jobs: result.jobs,
      kills: result.kills,
      calls: result.figures?.calls ?? 0,
      faults: result.figures?.faults ?? 0,
      lost: result.lost.length,
      goodInDlq: result.goodInDlq.length,
      keyedDuplicates: result.keyedDuplicates.length,
      unkeyedRepeats: result.unkeyedRepeats,
      seed,
    }),
  );
  return faults.length === 0 ? 0 : 1;
}

async function comparePeers(): Promise<number> {
  const figures = await runPeers(seed, say);
  if (values.json) console.log(JSON.stringify({ seed, peers: figures }));
  const [ours] = figures;
  return ours !== undefined && ours.lost + ours.goodInDlq + ours.keyedDuplicates === 0 ? 0 : 1;
}

function report(found: SoakResult): void {
  if (found.figures !== undefined) say(`\n${faultTable(found.figures)}\n`);
  say(
    `${found.runs} runs of ${found.jobs} jobs in ${(found.elapsedMs / 1_000).toFixed(1)} s; ${found.kills} kills, ` +
      `${found.pauses} pauses, ${found.restarts} rolling restarts, ${found.outages} outages`,
  );
  say(
    `${found.poison} poison jobs buried; attempts exact in ${found.attemptsChecked} failing jobs that nothing touched; ` +
      `${found.unkeyedRepeats} effects without a key repeated`,
  );
}

function faultsOf(found: SoakResult): string[] {
  const { figures } = found;
  const share = figures === undefined ? 0 : figures.faults / figures.calls;
  const minJobs = values.long ? 0 : FLOOR.jobs;
  const minKills = values.long ? 0 : FLOOR.kills;
  const none = (what: string, list: readonly (number | string)[]): string[] =>
    list.length === 0 ? [] : [`${what}: ${list.length}, for instance ${list.slice(0, 5).join('; ')}`];
  return [
    ...none('Lost jobs', found.lost),
    ...none('Good jobs in the dead-letter queue', found.goodInDlq),
    ...none('Effects with a key that happened twice', found.keyedDuplicates),
    ...none('Poison that did not end as it should', found.poisonAstray),
    ...none('Failing jobs with wrong attempts', found.attemptsWrong),
    ...none('Workers that ended by themselves', found.crashes),
    ...(found.isDrained ? [] : ['The queue was not drained in time']),
    ...(found.attemptsChecked > 0 ? [] : ['No failing job went undisturbed, so no attempts were checked']),
    ...(found.jobs < minJobs ? [`Only ${found.jobs} jobs, expected ${minJobs}`] : []),
    ...(found.kills < minKills ? [`Only ${found.kills} kills, expected ${minKills}`] : []),
    ...(share < FLOOR.faultShare
      ? [`Only ${(share * 100).toFixed(1)} % faulty calls, expected ${FLOOR.faultShare * 100} %`]
      : []),
  ];
}
