/** What an import did not carry over, each with its reason. */

/** One field. */
export interface Note {
  /** Path in the manifest, such as `count.cooldown`. */
  readonly field: string;
  /** Its value as short text; empty where there is none to show. */
  readonly value: string;
  readonly reason: string;
}

/** Longer values are cut: the field is what counts. */
const MAX_VALUE = 60;

/** Collects them. */
export class Notes {
  readonly #all: Note[] = [];

  get all(): readonly Note[] {
    return this.#all;
  }

  add(field: string, value: unknown, reason: string): void {
    this.#all.push({ field, value: shown(value), reason });
  }
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
