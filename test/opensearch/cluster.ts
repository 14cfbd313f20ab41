/** The state of the cluster: indexes with their documents, aliases; what is written and what a search sees of it. */
import { randomUUID } from 'node:crypto';
import { fieldsOf, Refusal, type Fields } from './answer.ts';
import { checkDocument, readMapping, type Mapping } from './mapping.ts';

/** A document with its version. */
export interface StoredDocument {
  readonly id: string;
  readonly version: number;
  /** As sent; searches look at it. */
  readonly indexed: Fields;
}

/** An index. */
export interface StoredIndex {
  readonly name: string;
  readonly uuid: string;
  readonly mapping: Mapping;
  readonly aliases: Set<string>;
  /** What a get sees, at once. */
  readonly documents: Map<string, StoredDocument>;
  /** What a search sees: the documents as of the last refresh. */
  searchable: ReadonlyMap<string, StoredDocument>;
}

/** A write of one document. */
export interface IndexWrite {
  readonly id: string;
  readonly version: number;
  readonly source: Fields;
}

/** Documented bound of `_id`: https://docs.opensearch.org/latest/api-reference/document-apis/bulk/ */
const MAX_ID_BYTES = 512;

/** The indexes of a cluster. */
export class Cluster {
  readonly #indexes = new Map<string, StoredIndex>();

  /** https://docs.opensearch.org/latest/api-reference/index-apis/create-index/ */
  create(name: string, definition: Fields): void {
    // The restrictions on names stand in the same place.
    if (!/^[a-z0-9][a-z0-9_.+-]*$/.test(name) || Buffer.byteLength(name) > 255)
      throw new Refusal(
        400,
        'invalid_index_name_exception',
        `Invalid index name [${name}], must be lowercase`,
      );
    if (this.#indexes.has(name))
      throw new Refusal(400, 'resource_already_exists_exception', `index [${name}] already exists`);
    const aliases = Object.keys(fieldsOf(definition['aliases']));
    for (const alias of aliases) this.#refuseIndexName(alias);
    const mapping = readMapping(definition);
    this.#indexes.set(name, {
      name,
      uuid: randomUUID(),
      mapping,
      aliases: new Set(aliases),
      documents: new Map(),
      searchable: new Map(),
    });
  }

  /** The one index behind a name or an alias. */
  one(name: string): StoredIndex {
    const [found, second] = this.all(name);
    if (found === undefined) throw new Refusal(404, 'index_not_found_exception', `no such index [${name}]`);
    if (second !== undefined)
      throw new Refusal(
        400,
        'illegal_argument_exception',
        `alias [${name}] has more than one index associated with it`,
      );
    return found;
  }

  /** All indexes behind a name, an alias or a pattern with one star at its end. */
  all(name: string): StoredIndex[] {
    const fits = (each: string): boolean =>
      name.endsWith('*') ? each.startsWith(name.slice(0, -1)) : each === name;
    return [...this.#indexes.values()].filter(
      (index) => fits(index.name) || (!name.endsWith('*') && index.aliases.has(name)),
    );
  }

  /** https://docs.opensearch.org/latest/api-reference/alias/aliases-api/: all actions or none, in one step. */
  changeAliases(actions: readonly unknown[]): void {
    const steps = actions.map((action) => this.#aliasStep(fieldsOf(action)));
    for (const step of steps) step();
  }

  #aliasStep(action: Fields): () => void {
    const [[kind, value] = ['', {}]] = Object.entries(action);
    const { index: name, alias } = fieldsOf(value);
    const index = this.#indexes.get(String(name));
    if (index === undefined)
      throw new Refusal(404, 'index_not_found_exception', `no such index [${String(name)}]`);
    if (kind === 'remove_index') return () => this.#indexes.delete(index.name);
    if (kind === 'add') {
      this.#refuseIndexName(String(alias));
      return () => index.aliases.add(String(alias));
    }
    if (kind !== 'remove')
      throw new Refusal(400, 'illegal_argument_exception', `Unknown alias action [${kind}]`);
    if (!index.aliases.has(String(alias)))
      throw new Refusal(404, 'aliases_not_found_exception', `aliases [${String(alias)}] missing`);
    return () => index.aliases.delete(String(alias));
  }

  #refuseIndexName(alias: string): void {
    if (this.#indexes.has(alias))
      throw new Refusal(
        400,
        'invalid_alias_name_exception',
        `Invalid alias name [${alias}]: an index or data stream exists with the same name as the alias`,
      );
  }

  /** https://docs.opensearch.org/latest/api-reference/index-apis/delete-index/ */
  remove(name: string): void {
    // An alias is no index: it cannot be deleted in its place.
    if (!this.#indexes.delete(name))
      throw new Refusal(404, 'index_not_found_exception', `no such index [${name}]`);
  }
}

/**
 * Writes a document with an external version. https://docs.opensearch.org/latest/api-reference/document-apis/index-document/
 * (`version_type`: `external_gte` takes a version that is greater than or equal to the held one, and answers 409 otherwise).
 */
export function writeDocument(
  index: StoredIndex,
  { id, version, source }: IndexWrite,
): 'created' | 'updated' {
  if (Buffer.byteLength(id) > MAX_ID_BYTES)
    throw new Refusal(
      400,
      'illegal_argument_exception',
      `id [${id}] is too long, must be no longer than ${MAX_ID_BYTES} bytes but was: ${Buffer.byteLength(id)}`,
    );
  checkDocument(index.mapping, source);
  const held = index.documents.get(id);
  if (held !== undefined && held.version > version)
    throw new Refusal(
      409,
      'version_conflict_engine_exception',
      `[${id}]: version conflict, current version [${held.version}] is higher than the one provided [${version}]`,
    );
  index.documents.set(id, { id, version, indexed: source });
  return held === undefined ? 'created' : 'updated';
}

/** https://docs.opensearch.org/latest/api-reference/index-apis/refresh/: from now on searches see what was written. */
export function refresh(index: StoredIndex): void {
  index.searchable = new Map(index.documents);
}

/** What is returned of a document: the excluded fields are searched and not kept. */
export function keptSource({ mapping }: StoredIndex, document: StoredDocument): Fields {
  return Object.fromEntries(
    Object.entries(document.indexed).filter(([field]) => !mapping.excludes.includes(field)),
  );
}
