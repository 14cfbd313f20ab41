/** Holds the architecture: who imports whom, what stands where, who may touch the process and the clock. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hiddenClocks, processOutsideRoots, type AmbientException } from './ambient-rules.ts';
import { documentedArrows } from './documented-arrows.ts';
import { ARROWS } from './arrows.ts';
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
import { readWorkspace } from './workspace.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const workspace = readWorkspace(ROOT);

/** The real clock has to be read somewhere. */
const CLOCK_EXCEPTIONS: readonly AmbientException[] = [
  {
    path: 'packages/job/src/clock.ts',
    name: 'performance.now()',
    reason: 'it is the clock that others are given',
  },
  {
    path: 'packages/job/src/clock.ts',
    name: 'setTimeout()',
    reason: 'it is the timer that others are given',
  },
  {
    path: 'packages/sqs-endpoint/src/store/turns.ts',
    name: 'setImmediate()',
    reason: 'the end of a turn of the event loop is no moment of time: calls of one turn share a commit',
  },
  {
    path: 'packages/search/src/next-turn.ts',
    name: 'setImmediate()',
    reason: 'the end of a turn of the event loop is no moment of time: long analysis lets others have theirs',
  },
];

describe('Imports', () => {
  it('follow the arrows between packages', () => {
    expect(forbiddenArrows(workspace)).toEqual([]);
  });

  it('come only from packages that the table lists', () => {
    expect(unlistedPackages(workspace)).toEqual([]);
  });

  it('follow the arrows that ARCHITECTURE.md shows', () => {
    expect(documentedArrows(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'))).toEqual(ARROWS);
  });

  it('enter a package by a declared door', () => {
    expect(deepImports(workspace)).toEqual([]);
  });

  it('never leave their package by a path', () => {
    expect(escapingImports(workspace)).toEqual([]);
  });

  it('choose drivers in composition roots only', () => {
    expect(driverImports(workspace)).toEqual([]);
  });
});

describe('Files', () => {
  it('called index.ts list names and nothing else', () => {
    expect(indexesThatDoMore(workspace)).toEqual([]);
  });

  it('lie at most one folder below src/', () => {
    expect(filesTooDeep(workspace)).toEqual([]);
  });

  it('with code lie in src/', () => {
    expect(sourcesOutsideSrc(workspace)).toEqual([]);
  });

  it('lie in folders that are named after a concept', () => {
    expect(meaninglessFolders(workspace)).toEqual([]);
  });

  it('with tests are called .test.ts', () => {
    expect(misnamedTests(workspace)).toEqual([]);
  });
});

describe('The process, the clock and randomness', () => {
  it('belong to composition roots, as far as environment, signals and exits go', () => {
    expect(processOutsideRoots(workspace)).toEqual([]);
  });

  it('are parameters wherever behaviour depends on them', () => {
    expect(hiddenClocks(workspace, CLOCK_EXCEPTIONS)).toEqual([]);
  });
});

describe('Manifests', () => {
  it('name everything that is imported', () => {
    expect(undeclaredDependencies(workspace)).toEqual([]);
  });

  it('name the optional peers of the drivers that are chosen', () => {
    expect(missingPeers(workspace)).toEqual([]);
  });

  it('name nothing that is not imported', () => {
    expect([...leftOverDependencies(workspace), ...leftOverTools(workspace)]).toEqual([]);
  });

  it('agree on version, licence, doors and files', () => {
    expect(unevenManifests(workspace)).toEqual([]);
  });

  it('ask for one exact version of everything', () => {
    expect(looseVersions(workspace)).toEqual([]);
  });

  it('match the references of the compiler', () => {
    expect(unevenReferences(workspace)).toEqual([]);
  });
});
