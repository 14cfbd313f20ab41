/**
 * Names of fleets, workers and jobs: lower-case words joined by hyphens, as the fleet file and the queues take them.
 * Names become folders and identifiers, so nothing else may pass.
 */
import { LongshoreError } from '@longshore/job';

/** What a name is for. */
export type NamedThing = 'fleet' | 'worker' | 'job';

const WORDS = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** As the fleet file allows them. */
const MAX_CHARACTERS: Readonly<Record<NamedThing, number>> = { fleet: 32, worker: 40, job: 80 };
/** The queue on which workers report. */
const TAKEN_WORKER = 'facts';

/**
 * The name, when it can be one.
 *
 * @throws LongshoreError `invalid_options`, with a name that would do
 */
export function scaffoldName(thing: NamedThing, text: string): string {
  const most = MAX_CHARACTERS[thing];
  if (thing === 'worker' && text === TAKEN_WORKER)
    throw new LongshoreError(
      'invalid_options',
      `Cannot call a worker "${TAKEN_WORKER}": every fleet has a queue of that name for its reports`,
    );
  if (WORDS.test(text) && text.length <= most) return text;
  const guess = suggestedName(text, most);
  throw new LongshoreError(
    'invalid_options',
    `The ${thing} name is "${text}", expected lower-case words joined by hyphens, up to ${most} characters${guess === undefined ? '' : `: try "${guess}"`}`,
    { details: { [thing]: text } },
  );
}

/** A fleet's name from that of its folder; `fleet` when nothing of it can be used. */
export function fleetNameOf(folderName: string): string {
  return suggestedName(folderName, MAX_CHARACTERS.fleet) ?? 'fleet';
}

/** `make-thumbnail` as `makeThumbnail`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function suggestedName(text: string, most: number): string | undefined {
  const words = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    // `myFleet` is two words.
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, most)
    .replace(/-+$/, '');
  return words === '' ? undefined : words;
}
