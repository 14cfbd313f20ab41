/**
 * `pnpm test:drivers`: the queue's conformance suite on every driver, with what each one passes, and what it skips for
 * which reason; `--json` ends with the counts on one line. Needs Redis (Debian: apt-get install redis-server). Exit code
 * 1 when anything fails, a driver has no suite or a skip has no reason.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest, type TestCase, type TestModule, type TestSuite } from 'vitest/node';
import { countDrivers, type ReportedFile } from './count-drivers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['sqs', 'bullmq', 'memory'].map((driver) => `packages/queue/src/${driver}/`);

function reportedFile(module: TestModule): ReportedFile {
  const assertionResults = [...module.children.allTests()].map((test) => {
    const result = test.result();
    return {
      ancestorTitles: ancestorTitles(test),
      title: test.name,
      status: result.state,
      note: 'note' in result ? result.note : undefined,
    };
  });
  return { name: module.moduleId, status: module.state(), assertionResults };
}

function ancestorTitles({ parent }: TestCase | TestSuite): readonly string[] {
  return parent.type === 'module' ? [] : [...ancestorTitles(parent), parent.name];
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
// What is missing shall fail here, not be left out.
process.env['CI'] = 'true';
const vitest = await startVitest(FOLDERS, { root: ROOT, watch: false, reporters: ['default'] });
// The runner's JSON leaves the reasons of skips out; what it holds in memory has them.
const { drivers, failed, skips, faults } = countDrivers(vitest.state.getTestModules().map(reportedFile));
const stray = vitest.state.getUnhandledErrors().length;
await vitest.close();
const all = stray === 0 ? faults : [...faults, `Errors outside of any test: ${stray}`];
for (const fault of all) console.error(fault);
if (values.json) {
  console.log(JSON.stringify({ drivers, failed }));
} else {
  console.table(drivers);
  console.table(skips);
}
process.exitCode = all.length === 0 ? 0 : 1;
