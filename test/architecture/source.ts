/**
 * Reads what the architecture rules ask of one source file: its imports, whether it only re-exports, and where it touches
 * the process, the clock or randomness. The file is parsed, so neither comments nor strings nor odd layout deceive it.
 */
import { parseSync } from 'oxc-parser';

/** A place where a module asks for another one. */
export interface ImportUse {
  readonly specifier: string;
  readonly line: number;
}

/** A place where a module touches something that is not its parameter. */
export interface AmbientUse {
  /** As it would be written: `process.env`, `Date.now()`. */
  readonly name: string;
  readonly line: number;
  /** It is the value of a parameter or an option that the caller left out. */
  readonly isDefault: boolean;
}

/** What is known of one file. */
export interface Source {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly imports: readonly ImportUse[];
  /** Lines with `export * from`. */
  readonly exportStars: readonly number[];
  /** Lines of statements that are no `export … from`. */
  readonly otherStatements: readonly number[];
  readonly ambientUses: readonly AmbientUse[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

type Ancestors = readonly { readonly node: Node; readonly key: string }[];

/** Parses a file. Throws when it is no TypeScript or JavaScript. */
export function scanSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  const [fault] = errors;
  if (fault !== undefined) throw new SyntaxError(`Cannot parse ${path}: ${fault.message}`);
  const lineOf = lineFinder(text);
  const imports: ImportUse[] = [];
  const ambientUses: AmbientUse[] = [];
  walk(asNode(program), [], (node, ancestors) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(node.start) });
    for (const name of ambientNames(node)) {
      ambientUses.push({ name, line: lineOf(node.start), isDefault: isDefaultValue(ancestors) });
    }
  });
  const statements = nodesIn(asNode(program)['body']);
  return {
    path,
    imports,
    ambientUses,
    exportStars: statements
      .filter(({ type }) => type === 'ExportAllDeclaration')
      .map(({ start }) => lineOf(start)),
    otherStatements: statements
      .filter((statement) => !isReExport(statement))
      .map(({ start }) => lineOf(start)),
  };
}

function isReExport({ type, source }: Node): boolean {
  return type === 'ExportAllDeclaration' || (type === 'ExportNamedDeclaration' && source !== null);
}

function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return literal(node['source']) ?? literal(node['argument']);
    case 'CallExpression':
      return /^(?:import\.meta|require)\.resolve$|^require$/.test(dotted(node['callee']))
        ? literal(nodesIn(node['arguments'])[0])
        : undefined;
    default:
      return undefined;
  }
}

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const CLOCK_CALLS = ['Date.now', 'performance.now', 'Math.random', 'AbortSignal.timeout', ...TIMERS];

function ambientNames(node: Node): readonly string[] {
  switch (node.type) {
    case 'MemberExpression':
      return /^(?:globalThis\.)?process$/.test(dotted(node['object']))
        ? [`process.${propertyName(node)}`]
        : [];
    case 'VariableDeclarator':
      return dotted(node['init']) === 'process' ? keysOf(node['id']).map((key) => `process.${key}`) : [];
    case 'ImportDeclaration':
      return importedNames(node);
    case 'CallExpression': {
      const name = dotted(node['callee']).replace(/^globalThis\./, '');
      return CLOCK_CALLS.includes(name) ? [`${name}()`] : [];
    }
    case 'NewExpression':
      return dotted(node['callee']) === 'Date' && nodesIn(node['arguments']).length === 0
        ? ['new Date()']
        : [];
    default:
      return [];
  }
}

function importedNames(node: Node): readonly string[] {
  const specifier = literal(node['source'])?.replace(/^node:/, '');
  const names = nodesIn(node['specifiers'])
    .filter(({ type }) => type === 'ImportSpecifier')
    .map(({ imported }) => dotted(imported));
  if (specifier === 'process') return names.map((name) => `process.${name}`);
  if (specifier === 'timers') return names.filter((name) => TIMERS.includes(name)).map((name) => `${name}()`);
  if (specifier === 'timers/promises') return ['node:timers/promises'];
  return [];
}

/** `parameter = Date.now()`, `{ now = Date.now() }`, `options.nowMs ?? Date.now()`. */
function isDefaultValue(ancestors: Ancestors): boolean {
  const parent = ancestors.at(-1);
  if (parent === undefined || parent.key !== 'right') return false;
  return (
    parent.node.type === 'AssignmentPattern' ||
    (parent.node.type === 'LogicalExpression' && parent.node['operator'] === '??')
  );
}

/** `a.b.c` for plain member chains, `import.meta` included; empty for everything else. */
function dotted(value: unknown): string {
  if (!isNode(value)) return '';
  if (value.type === 'Identifier') return String(value['name']);
  if (value.type === 'MetaProperty') return 'import.meta';
  if (value.type === 'ParenthesizedExpression' || value.type === 'ChainExpression')
    return dotted(value['expression']);
  if (value.type !== 'MemberExpression') return '';
  const object = dotted(value['object']);
  return object === '' ? '' : `${object}.${propertyName(value)}`;
}

function propertyName(member: Node): string {
  const property = asNode(member['property']);
  return property.type === 'Identifier' && member['computed'] !== true
    ? String(property['name'])
    : (literal(property) ?? '*');
}

function keysOf(pattern: unknown): readonly string[] {
  if (!isNode(pattern) || pattern.type !== 'ObjectPattern') return [];
  return nodesIn(pattern['properties']).map(({ key }) => dotted(key) || (literal(key) ?? '*'));
}

function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'TSLiteralType') return literal(value['literal']);
  return value.type === 'Literal' && typeof value['value'] === 'string' ? value['value'] : undefined;
}

function walk(node: Node, ancestors: Ancestors, enter: (node: Node, ancestors: Ancestors) => void): void {
  enter(node, ancestors);
  for (const [key, value] of Object.entries(node)) {
    const children = isNode(value) ? [value] : nodesIn(value);
    for (const child of children) walk(child, [...ancestors, { node, key }], enter);
  }
}

function nodesIn(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new TypeError('Expected a syntax node');
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}
