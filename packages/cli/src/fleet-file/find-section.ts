/** Finds `queues` and `services` in the source of a fleet file: the object literals to which an entry can be added. */
import { scanSource, type Token } from './scan-source.ts';

/** An object literal in a source. */
export interface Section {
  /** The tokens of its braces. */
  readonly open: Token;
  readonly close: Token;
  /** The first token inside; absent in an empty one. */
  readonly first: Token | undefined;
  /** The last token before the closing brace; the opening one in an empty section. */
  readonly last: Token;
}

/** What {@link findSections} found. */
export type FoundSections =
  | { readonly ok: true; readonly queues: Section; readonly services: Section }
  | { readonly ok: false; readonly reason: string };

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Looks for `defineFleet({ … })`, or `export default { … }`, and the two sections in it. */
export function findSections(source: string): FoundSections {
  const tokens = scanSource(source);
  const fleets = tokens.flatMap((_, at) => (isFleetStart(tokens, at) ? [at] : []));
  const [start, another] = fleets;
  if (start === undefined)
    return { ok: false, reason: 'there is no defineFleet({ … }) with the fleet written out in it' };
  if (another !== undefined) return { ok: false, reason: 'there is more than one fleet in it' };
  const queues = sectionAt(tokens, start, 'queues');
  if (queues === undefined) return { ok: false, reason: 'its queues are not written out as { … }' };
  const services = sectionAt(tokens, start, 'services');
  if (services === undefined) return { ok: false, reason: 'its services are not written out as { … }' };
  return { ok: true, queues, services };
}

/** Whether the token is the brace that opens the fleet. */
function isFleetStart(tokens: readonly Token[], at: number): boolean {
  const [first, second] = [tokens[at - 2]?.text, tokens[at - 1]?.text];
  if (tokens[at]?.text !== '{') return false;
  return (first === 'defineFleet' && second === '(') || (first === 'export' && second === 'default');
}

function sectionAt(tokens: readonly Token[], fleet: number, name: string): Section | undefined {
  const end = closingAt(tokens, fleet);
  let found: Section | undefined;
  for (let at = fleet + 1; end !== undefined && at < end; at += 1) {
    const closing = closingAt(tokens, at);
    if (closing === undefined) continue;
    if (isValueOf(tokens, at, name)) found = section(tokens, at, closing);
    at = closing;
  }
  return found;
}

/** Whether the brace is the value of this property: `name: {`, and nothing but an object literal. */
function isValueOf(tokens: readonly Token[], at: number, name: string): boolean {
  const key = tokens[at - 2]?.text.replaceAll(/^['"]|['"]$/g, '');
  return tokens[at]?.text === '{' && tokens[at - 1]?.text === ':' && key === name;
}

function section(tokens: readonly Token[], openAt: number, closeAt: number): Section | undefined {
  const [open, close, last] = [tokens[openAt], tokens[closeAt], tokens[closeAt - 1]];
  if (open === undefined || close === undefined || last === undefined) return undefined;
  return { open, close, last, first: closeAt === openAt + 1 ? undefined : tokens[openAt + 1] };
}

/** Index of the bracket that closes the one at `at`; `undefined` when there is none, or it is no bracket. */
function closingAt(tokens: readonly Token[], at: number): number | undefined {
  const open: string[] = [];
  for (let index = at; index < tokens.length; index += 1) {
    const text = tokens[index]?.text ?? '';
    const closing = CLOSING[text];
    if (closing !== undefined) open.push(closing);
    else if (Object.values(CLOSING).includes(text) && open.pop() !== text) return undefined;
    if (open.length === 0) return index === at ? undefined : index;
  }
  return undefined;
}
