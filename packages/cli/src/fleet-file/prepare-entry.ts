/**
 * Adds a queue and a service to a fleet file. The new text is written beside the file, loaded, and compared with what was
 * there; only then it takes the file's place. A file that is not understood stays as it is.
 */
import { chmod, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Fleet } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import type { FleetEntry } from 'create-longshore';
import { loadFleet, type LoadedFleet } from '../load-fleet.ts';
import { findSections } from './find-section.ts';
import { insertProperty, withInsertions } from './insert-property.ts';

/** A change of a fleet file that is known to be right, and not made yet. */
export interface PreparedEntry extends AsyncDisposable {
  /** Puts the new text into the file's place. */
  commit(): Promise<void>;
}

/**
 * Prepares it. Disposing of what is prepared leaves the file as it is.
 *
 * @throws LongshoreError `invalid_options` with the text to paste, when the file is written in a way that is not understood
 */
export async function prepareEntry(
  { fleet, path }: LoadedFleet,
  name: string,
  entry: FleetEntry,
): Promise<PreparedEntry> {
  const file = await realpath(path);
  const source = await readFile(file, 'utf8');
  const found = findSections(source);
  if (!found.ok) throw byHand(path, found.reason, entry);
  const text = withInsertions(source, [
    ...insertProperty(source, found.queues, entry.queue),
    ...insertProperty(source, found.services, entry.service),
  ]);
  const candidate = join(dirname(file), `.${basename(file, extname(file))}-${process.pid}${extname(file)}`);
  const discard = (): Promise<void> => rm(candidate, { force: true });
  try {
    await writeFile(candidate, text);
    await chmod(candidate, (await stat(file)).mode);
    await verify({ fleet, path }, candidate, name, entry);
  } catch (error) {
    await discard();
    throw error;
  }
  return { commit: () => rename(candidate, file), [Symbol.asyncDispose]: discard };
}

/** The text that a person pastes where the file cannot be changed for them. */
export function entrySnippet({ queue, service }: FleetEntry): string {
  const inner = (text: string): string => `  ${text.replaceAll('\n', '\n  ')}`;
  return `queues: {\n${inner(queue)}\n},\nservices: {\n${inner(service)}\n},`;
}

async function verify(
  before: LoadedFleet,
  candidate: string,
  name: string,
  entry: FleetEntry,
): Promise<void> {
  let after: Fleet;
  try {
    after = (await loadFleet({ cwd: dirname(candidate), path: candidate })).fleet;
  } catch (error) {
    throw byHand(before.path, 'the changed file would not load', entry, error);
  }
  const others = <Named extends { readonly name: string }>(list: readonly Named[]): readonly Named[] =>
    list.filter((each) => each.name !== name);
  const isAdded =
    after.services.some((each) => each.name === name) && after.queues.some((each) => each.name === name);
  const isSame =
    isDeepStrictEqual(others(after.services), others(before.fleet.services)) &&
    isDeepStrictEqual(others(after.queues), others(before.fleet.queues));
  if (!isAdded || !isSame) throw byHand(before.path, 'the entry would not end up in the fleet', entry);
}

function byHand(path: string, reason: string, entry: FleetEntry, cause?: unknown): LongshoreError {
  return new LongshoreError(
    'invalid_options',
    `Cannot change "${path}": ${reason}; add this to the fleet yourself\n${entrySnippet(entry)}`,
    { details: { path, reason }, ...(cause === undefined ? {} : { cause }) },
  );
}
