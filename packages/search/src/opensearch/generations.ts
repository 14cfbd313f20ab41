/**
 * The indexes behind the name: the alias `<name>` is what is read; `<name>-building`, where there is one, is an index that
 * takes every write as well, until the two change places in one step.
 */
import { call, errorReason, isObject, unavailable, type CallSettings } from './calls.ts';
import { DEFINITION_VERSION, indexDefinition } from './index-definition.ts';

/** The indexes behind an index's aliases. */
export interface Generations {
  readonly active: string;
  readonly building: string | undefined;
}

/** Size of the indexes that are made. */
export interface IndexSize {
  readonly shards: number;
  readonly replicas: number;
}

/** Alias of the index that is being built. */
export function buildingAlias(name: string): string {
  return `${name}-building`;
}

/**
 * Creates the index and its alias in one step where there is none.
 *
 * @throws LongshoreError `index_unavailable`
 */
export async function ensureIndex(settings: CallSettings, name: string, size: IndexSize): Promise<void> {
  if ((await aliased(settings, name)).length === 0) {
    const answer = await call(
      settings,
      { method: 'PUT', path: `/${indexName(name, 1)}`, body: indexDefinition({ ...size, alias: name }) },
      [400],
    );
    // Another process may have been first.
    if (answer.status === 400 && !errorReason(answer.body['error']).includes('resource_already_exists'))
      throw unavailable(`it does not create the index: ${errorReason(answer.body['error'])}`);
  }
  await checkVersion(settings, name);
}

/** Name of the index of a generation. */
export function indexName(name: string, generation: number): string {
  return `${name}-${String(generation).padStart(6, '0')}`;
}

/** What stands behind the aliases now. */
export async function generationsOf(settings: CallSettings, name: string): Promise<Generations> {
  const { body } = await call(
    settings,
    { method: 'GET', path: `/_alias/${name},${buildingAlias(name)}` },
    [404],
  );
  const behind = (alias: string): string[] =>
    Object.entries(body)
      .filter(([, value]) => isObject(value) && isObject(value['aliases']) && alias in value['aliases'])
      .map(([index]) => index);
  const [active, second] = behind(name);
  if (active === undefined)
    throw unavailable(
      `there is no index behind the alias "${name}" any more: it was removed while this program ran`,
    );
  if (second !== undefined)
    throw unavailable(`the alias "${name}" has more than one index ("${active}", "${second}"): leave it one`);
  return { active, building: behind(buildingAlias(name))[0] };
}

async function aliased(settings: CallSettings, alias: string): Promise<string[]> {
  const { status, body } = await call(settings, { method: 'GET', path: `/_alias/${alias}` }, [404]);
  return status === 404 ? [] : Object.keys(body);
}

async function checkVersion(settings: CallSettings, name: string): Promise<void> {
  const { body } = await call(settings, { method: 'GET', path: `/${name}/_mapping` });
  for (const [index, value] of Object.entries(body)) {
    const mappings = isObject(value) && isObject(value['mappings']) ? value['mappings'] : {};
    const meta = isObject(mappings['_meta']) ? mappings['_meta'] : {};
    const version = meta['longshoreVersion'];
    if (version !== DEFINITION_VERSION)
      throw unavailable(
        `the index "${index}" has version ${String(version ?? 'none')}, this program reads ${DEFINITION_VERSION}: use the program that fits, or index again under another name`,
      );
  }
}
