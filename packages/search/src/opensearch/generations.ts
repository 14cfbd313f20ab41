/**
 * The indexes behind the name: the alias `<name>` is what is read; `<name>-building`, where there is one, is an index that
 * takes every write as well, until the two change places in one step.
 */
import { call, errorReason, isObject, unavailable, type CallSettings } from './calls.ts';
import { DEFINITION_VERSION, indexDefinition } from './index-definition.ts';

/** An index behind an alias. */
export interface Generation {
  readonly index: string;
  /** Tells it from one that was made later under the same name. */
  readonly uuid: string;
}

/** The indexes behind an index's aliases. */
export interface Generations {
  readonly active: Generation;
  readonly building: Generation | undefined;
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
  if ((await behind(settings, name, name)).length === 0) {
    const made = await createIndex(settings, indexName(name, 1), indexDefinition({ ...size, alias: name }));
    // Another process was first, or the first index was replaced and removed at this moment.
    if (!made) await generationsOf(settings, name);
  }
  await checkVersion(settings, name);
}

/** Creates an index; `false` where there is one of that name. */
export async function createIndex(
  settings: CallSettings,
  index: string,
  definition: Record<string, unknown>,
): Promise<boolean> {
  const { status, body } = await call(
    settings,
    { method: 'PUT', path: `/${index}`, body: definition },
    [400],
  );
  if (status !== 400) return true;
  const reason = errorReason(body['error']);
  if (reason.includes('resource_already_exists')) return false;
  throw unavailable(`it does not create the index "${index}": ${reason}`);
}

/** Name of the index of a generation. */
function indexName(name: string, generation: number): string {
  return `${name}-${String(generation).padStart(6, '0')}`;
}

/** Name of the index that follows one. */
export function nextIndexName(name: string, index: string): string {
  return indexName(name, Number(/-(\d+)$/.exec(index)?.[1] ?? 0) + 1);
}

/** What stands behind the aliases now. @throws LongshoreError `index_unavailable` when it is not one index */
export async function generationsOf(settings: CallSettings, name: string): Promise<Generations> {
  const building = buildingAlias(name);
  const found = await indexesOf(settings, `${name},${building}`);
  const of = (alias: string): Generation | undefined => {
    const [first, second] = found.filter(({ aliases }) => aliases.includes(alias));
    if (second !== undefined && first !== undefined)
      throw unavailable(
        `the alias "${alias}" has more than one index ("${first.index}", "${second.index}"): leave it one`,
      );
    return first;
  };
  const active = of(name);
  if (active === undefined)
    throw unavailable(
      `there is no index behind the alias "${name}" any more: it was removed while this program ran`,
    );
  return { active, building: of(building) };
}

interface FoundIndex extends Generation {
  readonly aliases: readonly string[];
  /** Not a number where the index is not ours. */
  readonly version: number;
}

async function indexesOf(settings: CallSettings, names: string): Promise<FoundIndex[]> {
  const { status, body } = await call(
    settings,
    { method: 'GET', path: `/${names}`, querystring: { ignore_unavailable: 'true' } },
    [404],
  );
  if (status === 404) return [];
  return Object.entries(body).map(([index, value]) => {
    const fields = isObject(value) ? value : {};
    return {
      index,
      aliases: Object.keys(inside(fields, 'aliases')),
      uuid: String(inside(inside(fields, 'settings'), 'index')['uuid']),
      version: Number(inside(inside(fields, 'mappings'), '_meta')['longshoreVersion']),
    };
  });
}

function inside(value: Readonly<Record<string, unknown>>, field: string): Readonly<Record<string, unknown>> {
  return isObject(value[field]) ? value[field] : {};
}

async function behind(settings: CallSettings, names: string, alias: string): Promise<FoundIndex[]> {
  return (await indexesOf(settings, names)).filter(({ aliases }) => aliases.includes(alias));
}

async function checkVersion(settings: CallSettings, name: string): Promise<void> {
  for (const { index, version } of await behind(settings, name, name)) {
    if (version !== DEFINITION_VERSION)
      throw unavailable(
        `the index "${index}" has version ${version}, this program reads ${DEFINITION_VERSION}: use the program that fits, or index again under another name`,
      );
  }
}
