/** `pnpm simulate:runtime`: runs the worker runtime on virtual time, seed by seed, then sees that planted faults are found. */
import { availableParallelism } from 'node:os';
import { mutantFault } from './apply-mutant.ts';
import { commandLine, USAGE, type CommandLine } from './command-line.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { findMutant, runSeeds, type BadSeed } from './run-seeds.ts';
import { simulate } from './simulate.ts';

/** A mutant must be found within so many seeds. */
const MUTANT_SEEDS = 1_000;
const LAST_EVENTS = 30;
const SHOWN_SEEDS = 5;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const line = commandLine(args);
  if ('fault' in line) {
    console.error(`${line.fault}\n\n${USAGE}`);
    return 2;
  }
  if (line.isHelp) {
    console.log(USAGE);
    return 0;
  }
  Error.stackTraceLimit = 0;
  return line.seed === undefined ? runAll(line) : showSeed(line.seed);
}

async function showSeed(seed: number): Promise<number> {
  const { trace, violations } = await simulate(seed, true);
  console.log(trace.join('\n'));
  console.log(
    violations.length === 0
      ? `Seed ${seed} keeps all rules`
      : `Seed ${seed} breaks: ${violations.join('\n')}`,
  );
  return violations.length === 0 ? 0 : 1;
}

async function runAll({ seeds, from, hasMutants, isJson }: CommandLine): Promise<number> {
  const faults = hasMutants ? MUTANTS.map(mutantFault).filter((fault) => fault !== undefined) : [];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) return 1;
  const startMs = performance.now();
  const threads = availableParallelism();
  const { bad, events } = await runSeeds({ from, seeds, threads });
  const seconds = (performance.now() - startMs) / 1_000;
  const speed = `${Math.round(seeds / seconds)} seeds/s, ${Math.round(events / seconds)} events/s`;
  console.log(
    `${seeds} seeds from ${from}: ${bad.length} bad, ${seconds.toFixed(1)} s, ${speed}, ${threads} threads`,
  );
  for (const { seed } of bad.slice(0, SHOWN_SEEDS)) await printBad(seed);
  const survivors = hasMutants ? await findMutants(threads) : [];
  const mutants = hasMutants ? MUTANTS.length : 0;
  if (isJson) {
    const mutantsKilled = mutants - survivors.length;
    const figures = { seeds, bad: bad.length, mutants, mutantsKilled, seconds: Number(seconds.toFixed(2)) };
    console.log(JSON.stringify(figures));
  }
  return bad.length === 0 && survivors.length === 0 ? 0 : 1;
}

async function printBad(seed: number): Promise<void> {
  const { violations, trace } = await simulate(seed, true);
  console.log(`\nSeed ${seed} breaks: ${violations.join('; ')}`);
  for (const event of trace.slice(-LAST_EVENTS)) console.log(`  ${event}`);
  console.log(`  All of it: pnpm simulate:runtime --seed ${seed}`);
}

/** The mutants that nothing found. */
async function findMutants(threads: number): Promise<Mutant[]> {
  const waiting = [...MUTANTS];
  const survivors: Mutant[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const found = await findMutant(mutant, MUTANT_SEEDS).catch((cause: unknown) => {
        throw new Error(`Mutant "${mutant.name}" does not run: ${String(cause)}`, { cause });
      });
      if (found === undefined) survivors.push(mutant);
      console.log(mutantLine(mutant, found));
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  console.log(`${MUTANTS.length - survivors.length} of ${MUTANTS.length} mutants found`);
  return survivors;
}

function mutantLine({ name }: Mutant, found: BadSeed | undefined): string {
  if (found === undefined) return `SURVIVES  ${name}: ${MUTANT_SEEDS} seeds keep all rules`;
  return `found     ${name}: seed ${found.seed}, ${found.violation}`;
}
