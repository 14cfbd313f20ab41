/**
 * Reads a manifest of AWS Copilot: YAML, with what one environment overrides put in its place. Maps are merged, all else
 * is replaced, as Copilot does.
 *
 * @see https://aws.github.io/copilot-cli/docs/manifest/worker-service/
 */
import { LongshoreError } from '@longshore/job';
import { parseDocument } from 'yaml';
import { didYouMean } from '../did-you-mean.ts';

/** A YAML map. */
export type YamlMap = Readonly<Record<string, unknown>>;

/** A worker service, its environment applied. */
export interface WorkerManifest {
  readonly name: string;
  /** All fields at the top, `environments` left out. */
  readonly fields: YamlMap;
  /** Names of the environments that were not applied. */
  readonly otherEnvironments: readonly string[];
}

/** Options of {@link readManifest}. */
export interface ReadManifestOptions {
  /** What messages call the file. */
  readonly file: string;
  readonly environment?: string | undefined;
}

/** Reads it. @throws LongshoreError `invalid_options`: no YAML, no worker service, no such environment */
export function readManifest(text: string, { file, environment }: ReadManifestOptions): WorkerManifest {
  const root = parsedYaml(text, file);
  if (!isMap(root)) throw unreadable(file, 'it holds no map of fields');
  const { type, name, environments = {}, ...fields } = root;
  if (type !== 'Worker Service')
    throw unreadable(
      file,
      typeof type === 'string'
        ? `its type is "${type}"; a fleet has worker services only`
        : 'it has no type: a manifest of a worker service says "type: Worker Service"',
    );
  if (typeof name !== 'string' || name === '') throw unreadable(file, 'it has no name');
  if (!isMap(environments)) throw unreadable(file, 'its environments are no map');
  const known = Object.keys(environments);
  if (environment === undefined) return { name, fields, otherEnvironments: known };
  const overrides = environments[environment];
  if (!known.includes(environment)) {
    const names =
      known.length === 0 ? 'it overrides nothing for any environment' : `known are ${known.join(', ')}`;
    const guess = didYouMean(environment, known);
    throw unreadable(file, `it has no environment "${environment}"${guess === '' ? `: ${names}` : guess}`);
  }
  if (overrides !== null && !isMap(overrides))
    throw unreadable(file, `its environment "${environment}" is no map of fields`);
  const otherEnvironments = known.filter((each) => each !== environment);
  return { name, fields: merged(fields, overrides ?? {}), otherEnvironments };
}

/** Whether this is a YAML map. */
export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsedYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw unreadable(file, fault.message.replace(/:?\n[\s\S]*$/, ''), fault);
  try {
    return document.toJS();
  } catch (error) {
    // References that multiply without end.
    throw unreadable(file, error instanceof Error ? error.message : String(error), error);
  }
}

function merged(base: YamlMap, over: YamlMap): YamlMap {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = result[key];
    result[key] = isMap(present) && isMap(value) ? merged(withoutRivals(key, present, value), value) : value;
  }
  return result;
}

/** A count is a range or a number of Spot tasks: who sets the one takes back the other. */
function withoutRivals(key: string, present: YamlMap, over: YamlMap): YamlMap {
  if (key !== 'count') return present;
  const { spot, range, ...rest } = present;
  if (over['spot'] !== undefined) return { spot };
  return over['range'] === undefined ? present : { range, ...rest };
}

function unreadable(file: string, reason: string, cause?: unknown): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot import "${file}": ${reason}`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
