/** What a driver passes of the queue's conformance suite, counted from the test runner's own report. */

/** One test in the report. */
export interface ReportedTest {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

/** Report of one test file. `note` of a skip is its reason. */
export interface ReportedFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly ReportedTest[];
}

/** Counts of one driver. */
export interface DriverCounts {
  readonly passed: number;
  readonly skipped: number;
}

/** All counts, and what is wrong with them. */
export interface DriverReport {
  readonly drivers: Readonly<Record<string, DriverCounts>>;
  readonly failed: number;
  readonly faults: readonly string[];
}

/** Drivers by the first word of their suite's title. */
const SUITES = { sqs: 'sqsQueue', bullmq: 'bullmqQueue', memory: 'memoryQueue' } as const;

/** Counts a report. Tests beside the suites count where they fail. */
export function countDrivers(files: readonly ReportedFile[]): DriverReport {
  const tests = files.flatMap((file) => file.assertionResults);
  const failedTests = tests.filter(({ status }) => status === 'failed');
  const faults = failedTests.map(
    ({ ancestorTitles, title }) => `Failed: ${[...ancestorTitles, title].join(' > ')}`,
  );
  // A file that does not even load has no tests to count.
  const unloaded = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  for (const { name } of unloaded) faults.push(`Failed to load: ${name}`);
  const drivers: Record<string, DriverCounts> = {};
  for (const [driver, word] of Object.entries(SUITES)) {
    const own = tests.filter(
      ({ ancestorTitles: [suite = ''] }) => suite.startsWith(word) && suite.endsWith('as a queue'),
    );
    const count = (...statuses: string[]): number =>
      own.filter(({ status }) => statuses.includes(status)).length;
    drivers[driver] = { passed: count('passed'), skipped: count('skipped', 'pending', 'todo') };
    if (own.length === 0)
      faults.push(`Driver "${driver}" has no suite: expected one called "${word} … as a queue"`);
  }
  return { drivers, failed: failedTests.length + unloaded.length, faults };
}
