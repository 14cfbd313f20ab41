/** Which policies are simulated: this project's own and its peers, or those that were asked for. */
import { LongshoreError } from '@longshore/job';
import { longshore, peers, type SimulatedPolicy } from '@longshore/simulator';
import { didYouMean } from '../did-you-mean.ts';

/** The policy that everything is measured by; it is always simulated. */
export const REFERENCE = 'clairvoyant';

/**
 * The policies.
 *
 * @param names Names with commas between them. Default: all.
 * @throws LongshoreError `invalid_options`, with every name that is none and what may have been meant.
 */
export function chosenPolicies(arrivals: Uint32Array, names: string | undefined): readonly SimulatedPolicy[] {
  const all = [longshore(), ...peers({ arrivals })];
  if (names === undefined) return all;
  const wanted = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== REFERENCE);
  const known = all.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    const faults = unknown.map((name) => `there is no policy "${name}"${didYouMean(name, known)}`);
    const what = unknown.length === 0 ? 'no policy is named' : faults.join('; ');
    throw new LongshoreError(
      'invalid_options',
      `Cannot take --policies "${names}": ${what} (policies: ${known.join(', ')})`,
      { details: { known } },
    );
  }
  return all.filter(({ name }) => wanted.includes(name));
}
