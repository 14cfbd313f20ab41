/** The files of a new fleet with one worker: a project that installs, type-checks, tests and runs as it is. */
import { fleetEntry, type NewWorker } from './fleet-entry.ts';
import { FOREIGN_VERSIONS, TOOL_VERSIONS } from './versions.ts';
import { workerFiles, type FileTexts } from './worker-files.ts';

/** A fleet to be. */
export interface NewFleet extends NewWorker {
  /** Name of the fleet. */
  readonly name: string;
  /** Version of Longshore's packages. */
  readonly version: string;
}

/** What a fleet's code imports of Longshore. */
const PACKAGES = ['fleet', 'job', 'launch', 'objects', 'queue', 'worker'];

/** The files. */
export function fleetFiles(fleet: NewFleet): FileTexts {
  return {
    'package.json': manifestText(fleet),
    'tsconfig.json': TSCONFIG,
    'fleet.ts': fleetText(fleet),
    ...workerFiles(fleet),
    'README.md': readmeText(fleet),
    '.gitignore': 'node_modules/\n.longshore/\n*.log\n',
    Dockerfile: dockerfileText(fleet),
    '.dockerignore': '.git\n.longshore\nnode_modules\n**/*.test.ts\n',
  };
}

function manifestText({ name, version }: NewFleet): string {
  const manifest = {
    name,
    private: true,
    type: 'module',
    scripts: { longshore: 'longshore', test: 'vitest run', typecheck: 'tsc' },
    dependencies: {
      ...Object.fromEntries(PACKAGES.map((each) => [`@longshore/${each}`, version])),
      ...FOREIGN_VERSIONS,
    },
    devDependencies: { '@longshore/cli': version, ...TOOL_VERSIONS },
    // Sources run unbuilt, by type stripping.
    engines: { node: '>=22.18' },
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'ES2024',
      lib: ['ES2024', 'ESNext.Disposable'],
      module: 'NodeNext',
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
    },
    include: ['*.ts', 'services'],
  },
  undefined,
  2,
)}\n`;

function fleetText(fleet: NewFleet): string {
  const { queue, service } = fleetEntry(fleet);
  return `/** The fleet as data: queues, the jobs that travel on them, the services that work on them. */
import { defineFleet, type Fleet } from '@longshore/fleet';

const fleet: Fleet = defineFleet({
  name: '${fleet.name}',
  queues: {
    ${queue}
  },
  services: {
    ${service.replaceAll('\n', '\n    ')}
  },
});

export default fleet;
`;
}

function dockerfileText({ name, worker }: NewFleet): string {
  return `# One image for each service: docker build --build-arg SERVICE=${worker} --tag ${name}-${worker} .
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
COPY fleet.ts ./
COPY services services
ARG SERVICE=${worker}
ENV SERVICE=$SERVICE
USER node
# The shell is replaced by the worker, which hears SIGTERM and drains.
CMD ["sh", "-c", "exec node services/$SERVICE/src/main.ts"]
`;
}

function readmeText({ name, worker, job }: NewFleet): string {
  return `# ${name}

A fleet of workers, with one service so far: \`${worker}\`. [fleet.ts](fleet.ts) says what there is;
\`services/${worker}/src/${job}.ts\` is the job with its handler.

\`\`\`sh
npm install
npm test                       # the handler, without a queue server
npm run typecheck
npx longshore check            # is the fleet file right
npx longshore worker ${worker}   # one worker in the foreground, on queues in .longshore/
\`\`\`

In a second terminal, while the worker runs (or before: jobs wait):

\`\`\`sh
npx longshore enqueue ${job} '{"id":"first","text":"some words to count"}'
npx longshore status
\`\`\`

The worker's log says what it counted. The result is the object \`${worker}/first.json\`, kept in \`.longshore/objects/\` here
and in a bucket in production.

\`npx longshore add worker thumbnails\` adds a service: its files, a test, its entry in \`fleet.ts\`.

The same worker runs on SQS and S3: \`LONGSHORE_OBJECTS=s3://bucket/prefix\` says where, and the AWS SDK's variables with
which credentials. \`docker build --build-arg SERVICE=${worker} --tag ${name}-${worker} .\` makes its image.
`;
}
