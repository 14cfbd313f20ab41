/**
 * What each driver passes of the queue's conformance suite, and what it skips for which reason, counted from the test
 * runner's own report. A skip that gives no reason is a fault.
 */

/** One test in the report. `note` of a skip is its reason. */
export interface ReportedTest {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly note?: string | undefined;
}

/** Report of one test file. */
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

/** A test that a driver does not pass, by its own declaration. */
export interface Skip {
  readonly suite: string;
  readonly test: string;
  readonly reason: string;
}

/** All counts, and what is wrong with them. */
export interface DriverReport {
  readonly drivers: Readonly<Record<string, DriverCounts>>;
  readonly failed: number;
  readonly skips: readonly Skip[];
  readonly faults: readonly string[];
}

/** Drivers by the first word of their suite's title. */
const SUITES = { sqs: 'sqsQueue', bullmq: 'bullmqQueue', memory: 'memoryQueue' } as const;

/** Counts a report. Tests beside the suites count where they fail or are left out. */
export function countDrivers(files: readonly ReportedFile[]): DriverReport {
  const tests = files.flatMap((file) => file.assertionResults);
  const failedTests = tests.filter(({ status }) => status === 'failed');
  // A file that does not even load has no tests to count.
  const unloaded = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const skipped = tests.filter(isSkipped);
  const faults = [
    ...failedTests.map((test) => `Failed: ${path(test)}`),
    ...unloaded.map(({ name }) => `Failed to load: ${name}`),
    ...skipped.filter(({ note }) => !note).map((test) => `Skipped without a reason: ${path(test)}`),
  ];
  const drivers: Record<string, DriverCounts> = {};
  for (const [driver, word] of Object.entries(SUITES)) {
    const own = tests.filter(
      ({ ancestorTitles: [suite = ''] }) => suite.startsWith(word) && suite.endsWith('as a queue'),
    );
    drivers[driver] = {
      passed: own.filter(({ status }) => status === 'passed').length,
      skipped: own.filter(isSkipped).length,
    };
    if (own.length === 0)
      faults.push(`Driver "${driver}" has no suite: expected one called "${word} … as a queue"`);
  }
  const skips = skipped.map(({ ancestorTitles, title, note }) => ({
    suite: ancestorTitles.join(' > '),
    test: title,
    reason: note ?? '',
  }));
  return { drivers, failed: failedTests.length + unloaded.length, skips, faults };
}

function isSkipped({ status }: ReportedTest): boolean {
  return status !== 'passed' && status !== 'failed';
}

function path({ ancestorTitles, title }: ReportedTest): string {
  return [...ancestorTitles, title].join(' > ');
}
