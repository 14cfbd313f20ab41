/** The rules themselves: a sound repository has no offence, and each fault that is planted in one is found. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hiddenClocks, processOutsideRoots } from './ambient-rules.ts';
import { documentedArrows } from './documented-arrows.ts';
import {
  deepImports,
  driverImports,
  escapingImports,
  forbiddenArrows,
  unlistedPackages,
} from './import-rules.ts';
import {
  filesTooDeep,
  indexesThatDoMore,
  meaninglessFolders,
  misnamedTests,
  sourcesOutsideSrc,
} from './layout-rules.ts';
import {
  leftOverDependencies,
  leftOverTools,
  looseVersions,
  missingPeers,
  undeclaredDependencies,
  unevenManifests,
  unevenReferences,
} from './manifest-rules.ts';
import { readWorkspace, type Workspace } from './workspace.ts';

type Files = Readonly<Record<string, string>>;

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function plant(files: Files): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'longshore-architecture-'));
  roots.push(root);
  for (const [path, text] of Object.entries({ ...SOUND, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return readWorkspace(root);
}

function manifest(
  concept: string,
  doors: readonly string[],
  dependencies: Files = {},
  more: object = {},
): string {
  const exports = Object.fromEntries(doors.map((door) => [door, `./src/${innerPath(door)}.ts`]));
  const published = Object.fromEntries(
    doors.map((door) => [
      door,
      { types: `./dist/${innerPath(door)}.d.ts`, default: `./dist/${innerPath(door)}.js` },
    ]),
  );
  return JSON.stringify({
    name: `@longshore/${concept}`,
    version: '1.0.0',
    description: concept,
    license: 'MIT',
    type: 'module',
    repository: { directory: `packages/${concept}` },
    exports,
    publishConfig: { exports: published },
    dependencies,
    ...more,
  });
}

function innerPath(door: string): string {
  return door === '.' ? 'index' : `${door.slice(2)}/index`;
}

function references(...paths: readonly string[]): string {
  return JSON.stringify({ references: paths.map((path) => ({ path })) });
}

const JOB = { '@longshore/job': 'workspace:*' };
const QUEUE = { '@longshore/queue': 'workspace:*' };

/** A small repository without a fault. */
const SOUND: Files = {
  'package.json': JSON.stringify({ name: 'root', version: '1.0.0', devDependencies: { vitest: '5.1.1' } }),
  'tsconfig.json': references('./packages/job', './packages/queue', './packages/objects', './services/mail'),
  'fleet.ts': 'export default {};',
  'packages/job/package.json': manifest('job', ['.']),
  'packages/job/tsconfig.json': references(),
  'packages/job/README.md': '# job',
  'packages/job/src/index.ts': "export { job } from './job.ts';",
  'packages/job/src/job.ts':
    '// process.env and Date.now() in a comment\nexport const job = "import \'@longshore/queue\'";',
  'packages/job/src/job.test.ts':
    "import { it } from 'vitest';\nprocess.exitCode = 0;\nit('', () => { Date.now(); });",
  'packages/objects/package.json': manifest('objects', ['.'], JOB),
  'packages/objects/tsconfig.json': references('../job'),
  'packages/objects/README.md': '# objects',
  'packages/objects/src/index.ts': "export type { Store } from './store.ts';",
  'packages/objects/src/store.ts':
    "import type { job } from '@longshore/job';\nexport type Store = typeof job;",
  'packages/queue/package.json': manifest(
    'queue',
    ['.', './memory', './sqs'],
    { ...JOB, '@longshore/objects': 'workspace:*' },
    {
      peerDependencies: { '@aws-sdk/client-sqs': '^3.0.0' },
      devDependencies: { '@aws-sdk/client-sqs': '3.0.0' },
    },
  ),
  'packages/queue/tsconfig.json': references('../job', '../objects'),
  'packages/queue/README.md': '# queue',
  'packages/queue/src/index.ts': "export type { Queue } from './queue.ts';",
  'packages/queue/src/queue.ts':
    "import { job } from '@longshore/job';\nimport type { Store } from '@longshore/objects';\nexport type Queue = [typeof job, Store];\nexport const at = (nowMs = Date.now()) => nowMs;",
  'packages/queue/src/memory/index.ts': "export { memoryQueue } from './memory-queue.ts';",
  'packages/queue/src/memory/memory-queue.ts':
    "import type { Queue } from '../queue.ts';\nexport const memoryQueue = (): Queue | undefined => undefined;",
  'packages/queue/src/sqs/index.ts': "export { sqsQueue } from './sqs-queue.ts';",
  'packages/queue/src/sqs/sqs-queue.ts':
    "import { a } from '@aws-sdk/client-sqs';\nexport const sqsQueue = () => [a, AbortSignal.timeout(1)];",
  'services/mail/package.json': JSON.stringify({
    name: '@longshore/service-mail',
    version: '1.0.0',
    private: true,
    description: 'mail',
    license: 'MIT',
    type: 'module',
    exports: { '.': './src/index.ts' },
    dependencies: QUEUE,
  }),
  'services/mail/tsconfig.json': references('../../packages/queue'),
  'services/mail/src/index.ts': "export { handler } from './handler.ts';",
  'services/mail/src/handler.ts': 'export const handler = 1;',
  'services/mail/src/main.ts':
    "import { memoryQueue } from '@longshore/queue/memory';\nimport fleet from '../../../fleet.ts';\nmemoryQueue(process.env['A'], fleet);",
  'services/mail/src/render-entry.ts': "process.on('message', () => process.exit(0));",
  'test/end-to-end/mail.test.ts':
    "import fleet from '../../fleet.ts';\nimport { it } from 'vitest';\nit('', () => fleet);",
};

type Rule = (workspace: Workspace) => string[];

const clocks: Rule = (workspace) => hiddenClocks(workspace, []);

const RULES: Readonly<Record<string, Rule>> = {
  forbiddenArrows,
  unlistedPackages,
  deepImports,
  escapingImports,
  driverImports,
  indexesThatDoMore,
  filesTooDeep,
  sourcesOutsideSrc,
  meaninglessFolders,
  misnamedTests,
  processOutsideRoots,
  clocks,
  undeclaredDependencies,
  leftOverDependencies,
  leftOverTools,
  unevenManifests,
  looseVersions,
  missingPeers,
  unevenReferences,
};

interface Fault {
  readonly title: string;
  readonly rule: keyof typeof RULES;
  readonly files: Files;
  readonly finds: string;
}

const IMPORT_FAULTS: readonly Fault[] = [
  {
    title: 'an import against the arrows',
    rule: 'forbiddenArrows',
    files: { 'packages/job/src/job.ts': "import type { Queue } from '@longshore/queue';" },
    finds: 'packages/job/src/job.ts:1 imports @longshore/queue: job may import nothing of ours',
  },
  {
    title: 'an import against the arrows that happens at run time',
    rule: 'forbiddenArrows',
    files: { 'packages/job/src/job.ts': "\nexport const load = () => import('@longshore/queue');" },
    finds: 'packages/job/src/job.ts:2 imports @longshore/queue: job may import nothing of ours',
  },
  {
    title: 'an import against the arrows inside a type',
    rule: 'forbiddenArrows',
    files: { 'packages/job/src/job.ts': "export type Q = import('@longshore/queue').Queue;" },
    finds: 'packages/job/src/job.ts:1 imports @longshore/queue: job may import nothing of ours',
  },
  {
    title: 'a re-export against the arrows',
    rule: 'forbiddenArrows',
    files: { 'packages/job/src/job.ts': "export { queue as job } from '@longshore/queue';" },
    finds: 'packages/job/src/job.ts:1 imports @longshore/queue: job may import nothing of ours',
  },
  {
    title: 'a part for tests in what is published',
    rule: 'forbiddenArrows',
    files: {
      'packages/sqs-endpoint/package.json': manifest('sqs-endpoint', ['.']),
      'packages/queue/src/queue.test.ts': "import { startSqsEndpoint } from '@longshore/sqs-endpoint';",
      'packages/queue/src/queue.ts': "\nimport { startSqsEndpoint } from '@longshore/sqs-endpoint';",
    },
    finds: 'packages/queue/src/queue.ts:2 imports @longshore/sqs-endpoint: queue may import job, objects',
  },
  {
    title: 'a package that imports a service',
    rule: 'forbiddenArrows',
    files: { 'packages/queue/src/queue.ts': "import { handler } from '@longshore/service-mail';" },
    finds:
      'packages/queue/src/queue.ts:1 imports @longshore/service-mail: nothing in packages/ imports services/mail',
  },
  {
    title: 'a service that imports another one',
    rule: 'forbiddenArrows',
    files: {
      'services/fax/package.json': JSON.stringify({ name: '@longshore/service-fax' }),
      'services/fax/src/main.ts': "import { handler } from '@longshore/service-mail';",
    },
    finds:
      'services/fax/src/main.ts:1 imports @longshore/service-mail: a service imports another one only for job definitions, and by the table of arrows.ts',
  },
  {
    title: 'a package that nobody allowed',
    rule: 'unlistedPackages',
    files: { 'packages/extra/package.json': manifest('extra', ['.']) },
    finds: 'packages/extra is not in the table of test/architecture/arrows.ts',
  },
  {
    title: 'an import of a file inside another package',
    rule: 'deepImports',
    files: { 'services/mail/src/main.ts': "import { sqsQueue } from '@longshore/queue/sqs/sqs-queue';" },
    finds:
      'services/mail/src/main.ts:1 imports @longshore/queue/sqs/sqs-queue: "./sqs/sqs-queue" is not in the exports of packages/queue/package.json',
  },
  {
    title: 'an import of a package that is gone',
    rule: 'deepImports',
    files: { 'services/mail/src/main.ts': "import '@longshore/gone';" },
    finds: 'services/mail/src/main.ts:1 imports @longshore/gone: there is no such package',
  },
  {
    title: 'a path into another package',
    rule: 'escapingImports',
    files: { 'packages/queue/src/queue.ts': "import { job } from '../../job/src/job.ts';" },
    finds:
      'packages/queue/src/queue.ts:1 imports ../../job/src/job.ts, which leaves its package: import the package by name',
  },
  {
    title: 'a path from the tests into a package',
    rule: 'escapingImports',
    files: { 'test/end-to-end/mail.test.ts': "import { job } from '../../packages/job/src/job.ts';" },
    finds:
      'test/end-to-end/mail.test.ts:1 imports ../../packages/job/src/job.ts, which leaves its package: import the package by name',
  },
  {
    title: 'a package that reads the fleet file',
    rule: 'escapingImports',
    files: { 'packages/job/src/job.ts': "import fleet from '../../../fleet.ts';" },
    finds:
      'packages/job/src/job.ts:1 imports ../../../fleet.ts, which leaves its package: import the package by name',
  },
  {
    title: 'a package that chooses a driver of another',
    rule: 'driverImports',
    files: { 'packages/objects/src/store.ts': "import { sqsQueue } from '@longshore/queue/sqs';" },
    finds:
      'packages/objects/src/store.ts:1 imports the driver @longshore/queue/sqs: take the port as a parameter',
  },
  {
    title: 'a port that imports its driver',
    rule: 'driverImports',
    files: { 'packages/queue/src/queue.ts': "import { sqsQueue } from './sqs/sqs-queue.ts';" },
    finds: 'packages/queue/src/queue.ts:1 imports ./sqs/sqs-queue.ts of a driver from outside its folder',
  },
  {
    title: 'a driver that imports another',
    rule: 'driverImports',
    files: { 'packages/queue/src/memory/memory-queue.ts': "export { a } from '../sqs/sqs-queue.ts';" },
    finds:
      'packages/queue/src/memory/memory-queue.ts:1 imports ../sqs/sqs-queue.ts of a driver from outside its folder',
  },
];

const LAYOUT_FAULTS: readonly Fault[] = [
  {
    title: 'export * in an index',
    rule: 'indexesThatDoMore',
    files: { 'packages/job/src/index.ts': "export * from './job.ts';" },
    finds: 'packages/job/src/index.ts:1 has `export *`: list the names',
  },
  {
    title: 'code in an index',
    rule: 'indexesThatDoMore',
    files: {
      'packages/queue/src/sqs/index.ts': "export { sqsQueue } from './sqs-queue.ts';\nexport const one = 1;",
    },
    finds: 'packages/queue/src/sqs/index.ts:2 is no `export { … } from`: move it to a file of its own',
  },
  {
    title: 'a folder in a driver folder',
    rule: 'filesTooDeep',
    files: { 'packages/queue/src/sqs/batch/send.ts': 'export const send = 1;' },
    finds: 'packages/queue/src/sqs/batch/send.ts is deeper than <package>/src/<driver>/file.ts',
  },
  {
    title: 'code beside src/',
    rule: 'sourcesOutsideSrc',
    files: { 'packages/queue/scripts/build.ts': '' },
    finds: 'packages/queue/scripts/build.ts is outside src/',
  },
  {
    title: 'a folder without a meaning',
    rule: 'meaninglessFolders',
    files: { 'packages/queue/src/Utils/send.ts': '' },
    finds: 'packages/queue/src/Utils/ says nothing: name it after what it is about',
  },
  {
    title: 'a test that vitest would not find',
    rule: 'misnamedTests',
    files: { 'packages/queue/src/send.spec.ts': '' },
    finds: 'packages/queue/src/send.spec.ts: tests are called <file>.test.ts and stand beside their file',
  },
];

const AMBIENT_FAULTS: readonly Fault[] = [
  ...[
    ['process.env', "export const a = process.env['A'];"],
    ['process.env', "export const a = globalThis.process['env'].A;"],
    ['process.env', 'const { env } = process;\nexport const a = env;'],
    ['process.env', "import { env } from 'node:process';"],
    ['process.exit', 'export const stop = () => process.exit(1);'],
    ['process.on', "process.on('SIGTERM', () => undefined);"],
    ['process.once', "process.once('SIGTERM', () => undefined);"],
  ].map(([name = '', text = '']): Fault => ({
    title: `${name} in a package: ${text.replaceAll('\n', ' ')}`,
    rule: 'processOutsideRoots',
    files: { 'packages/job/src/job.ts': text },
    finds: `packages/job/src/job.ts:1 uses ${name}: only composition roots may; take it as a parameter`,
  })),
  {
    title: 'a child process that reads the environment',
    rule: 'processOutsideRoots',
    files: { 'services/mail/src/render-entry.ts': "process.on('message', () => process.env['A']);" },
    finds:
      'services/mail/src/render-entry.ts:1 uses process.env: only composition roots may; take it as a parameter',
  },
  ...[
    ['Date.now()', 'export const at = () => Date.now();'],
    ['Date.now()', 'export const at = () => globalThis.Date.now();'],
    ['new Date()', 'export const at = () => new Date();'],
    ['performance.now()', 'export const at = () => performance.now();'],
    ['Math.random()', 'export const at = () => Math.random();'],
    ['setTimeout()', 'setTimeout(() => undefined, 1);'],
    ['setInterval()', 'setInterval(() => undefined, 1);'],
    ['setTimeout()', "import { setTimeout as later } from 'node:timers';"],
    ['node:timers/promises', "import { setTimeout } from 'node:timers/promises';"],
    ['AbortSignal.timeout()', 'export const signal = AbortSignal.timeout(1);'],
  ].map(([name = '', text = '']): Fault => ({
    title: `${name} in a package: ${text}`,
    rule: 'clocks',
    files: { 'packages/queue/src/queue.ts': text },
    finds: `packages/queue/src/queue.ts:1 uses ${name}: take a clock (or the randomness) as a parameter`,
  })),
];

const MANIFEST_FAULTS: readonly Fault[] = [
  {
    title: 'an import that the manifest does not name',
    rule: 'undeclaredDependencies',
    files: { 'packages/job/src/job.ts': "import { z } from 'zod/mini';" },
    finds: 'packages/job/src/job.ts:1 imports zod, which packages/job/package.json does not name',
  },
  {
    title: 'a test tool in published code',
    rule: 'undeclaredDependencies',
    files: { 'packages/job/src/job.ts': "import { it } from 'vitest';" },
    finds: 'packages/job/src/job.ts:1 imports vitest, which packages/job/package.json does not name',
  },
  {
    title: 'an import in test/ that the root does not name',
    rule: 'undeclaredDependencies',
    files: { 'test/end-to-end/mail.test.ts': "import { z } from 'zod';" },
    finds: 'test/end-to-end/mail.test.ts:1 imports zod, which package.json does not name',
  },
  {
    title: 'a dependency that nobody imports',
    rule: 'leftOverDependencies',
    files: { 'packages/job/package.json': manifest('job', ['.'], { zod: '4.0.0' }) },
    finds: 'packages/job/package.json depends on zod, which only tests or nobody imports',
  },
  {
    title: 'a dev dependency that no test imports',
    rule: 'leftOverDependencies',
    files: { 'packages/job/package.json': manifest('job', ['.'], {}, { devDependencies: { zod: '4.0.0' } }) },
    finds: 'packages/job/package.json has the dev dependency zod, which no test imports',
  },
  {
    title: 'a tool of the root that nobody uses',
    rule: 'leftOverTools',
    files: {
      'package.json': JSON.stringify({
        name: 'root',
        version: '1.0.0',
        devDependencies: { vitest: '5.1.1', sinon: '1.0.0' },
      }),
    },
    finds: 'package.json has the dev dependency sinon, which no test imports',
  },
  {
    title: 'a driver that is chosen without its peer',
    rule: 'missingPeers',
    files: { 'services/mail/src/main.ts': "import { sqsQueue } from '@longshore/queue/sqs';" },
    finds: 'services/mail/package.json does not name @aws-sdk/client-sqs, which @longshore/queue/sqs needs',
  },
  {
    title: 'another licence',
    rule: 'unevenManifests',
    files: { 'packages/job/package.json': manifest('job', ['.'], {}, { license: 'ISC' }) },
    finds: 'packages/job/package.json: the licence is MIT',
  },
  {
    title: 'another version',
    rule: 'unevenManifests',
    files: { 'packages/job/package.json': manifest('job', ['.'], {}, { version: '1.0.1' }) },
    finds: 'packages/job/package.json: the version is 1.0.0, as in the root',
  },
  {
    title: 'a door that is not published',
    rule: 'unevenManifests',
    files: { 'packages/job/package.json': manifest('job', ['.'], {}, { publishConfig: { exports: {} } }) },
    finds:
      'packages/job/package.json: publishConfig.exports does not mirror exports; expected {".":{"types":"./dist/index.d.ts","default":"./dist/index.js"}}',
  },
  {
    title: 'a door that leads nowhere',
    rule: 'unevenManifests',
    files: { 'packages/job/package.json': manifest('job', ['.', './s3']) },
    finds: 'packages/job/package.json names ./src/s3/index.ts, which does not exist',
  },
  {
    title: 'a service that could be published',
    rule: 'unevenManifests',
    files: {
      'services/mail/package.json': JSON.stringify({
        name: '@longshore/service-mail',
        version: '1.0.0',
        description: 'mail',
        license: 'MIT',
        type: 'module',
      }),
    },
    finds: 'services/mail/package.json is not private, but nothing outside packages/ is published',
  },
  {
    title: 'a range of versions',
    rule: 'looseVersions',
    files: { 'packages/job/package.json': manifest('job', ['.'], { zod: '^4.0.0' }) },
    finds: 'packages/job/package.json asks for zod@^4.0.0: give one exact version',
  },
  {
    title: 'two versions of one package',
    rule: 'looseVersions',
    files: { 'packages/job/package.json': manifest('job', ['.'], { vitest: '5.0.0' }) },
    finds: 'packages/job/package.json asks for vitest@5.0.0, ./package.json for 5.1.1',
  },
  {
    title: 'a published version of our own',
    rule: 'looseVersions',
    files: { 'packages/objects/package.json': manifest('objects', ['.'], { '@longshore/job': '1.0.0' }) },
    finds: 'packages/objects/package.json asks for @longshore/job@1.0.0: say workspace:*',
  },
  {
    title: 'a package that is not type-checked',
    rule: 'unevenReferences',
    files: { 'tsconfig.json': references('./packages/job', './packages/queue', './packages/objects') },
    finds: 'tsconfig.json does not list services/mail, so nothing type-checks it',
  },
  {
    title: 'a reference that is missing',
    rule: 'unevenReferences',
    files: { 'packages/queue/tsconfig.json': references('../job') },
    finds: 'packages/queue/tsconfig.json does not reference packages/objects',
  },
  {
    title: 'a reference too many',
    rule: 'unevenReferences',
    files: { 'packages/job/tsconfig.json': references('../objects') },
    finds:
      'packages/job/tsconfig.json references packages/objects, which packages/job/package.json does not name',
  },
];

describe('A sound repository', () => {
  it.each(Object.entries(RULES))('has no offence against %s', (_name, rule) => {
    expect(rule(plant({}))).toEqual([]);
  });
});

describe('A planted fault is found', () => {
  it.each([...IMPORT_FAULTS, ...LAYOUT_FAULTS, ...AMBIENT_FAULTS, ...MANIFEST_FAULTS])(
    '$title',
    ({ rule, files, finds }) => {
      expect(RULES[rule]?.(plant(files))).toContain(finds);
    },
  );

  it('when a package has no README', () => {
    const { 'packages/job/README.md': _readme, ...rest } = SOUND;
    const sound = plant({});
    const packages = sound.packages.map((each) => ({
      ...each,
      files: each.files.filter((file) => Object.hasOwn(rest, file)),
    }));
    expect(unevenManifests({ ...sound, packages })).toEqual(['packages/job has no README.md']);
  });

  it('when an exception outlives its cause', () => {
    const exception = { path: 'packages/job/src/job.ts', name: 'Date.now()', reason: 'none' };
    expect(hiddenClocks(plant({}), [exception])).toEqual([
      'packages/job/src/job.ts no longer uses Date.now(): remove its exception',
    ]);
  });

  it('when a file cannot be parsed', () => {
    expect(() => plant({ 'packages/job/src/job.ts': 'export const = 1;' })).toThrow(
      /Cannot parse packages\/job\/src\/job\.ts/,
    );
  });
});

describe('The table of ARCHITECTURE.md', () => {
  it('is read row by row', () => {
    const markdown = [
      '| package | may import |',
      '|---|---|',
      '| `job` | nothing of ours |',
      '| `objects`, `search` | job |',
      '| `cli`, `services/*` | all packages |',
      '',
      '| other | table |',
    ].join('\n');
    expect(documentedArrows(markdown)).toEqual({
      job: [],
      objects: ['job'],
      search: ['job'],
      cli: 'everything',
    });
  });

  it('must be there', () => {
    expect(() => documentedArrows('# Architecture')).toThrow(/has no table/);
  });
});
