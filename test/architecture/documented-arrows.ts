/** Reads the dependency table of ARCHITECTURE.md, so that it cannot drift from the one that is enforced. */
import type { Arrow } from './arrows.ts';

/** The rows of the table headed `package | may import`, packages that share a row apart. */
export function documentedArrows(markdown: string): Record<string, Arrow> {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => /^\|\s*package\s*\|\s*may import\s*\|/.test(line));
  if (head === -1) throw new Error('ARCHITECTURE.md has no table headed "| package | may import |"');
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return Object.fromEntries(rest.slice(0, end === -1 ? undefined : end).flatMap(rowArrows));
}

function rowArrows(row: string): (readonly [string, Arrow])[] {
  const [, packages = '', imports = ''] = row.split('|').map((cell) => cell.trim());
  return [...packages.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => [name, arrowOf(imports)] as const);
}

function arrowOf(cell: string): Arrow {
  if (cell === 'nothing of ours') return [];
  if (cell === 'all packages') return 'everything';
  return cell.split(',').map((name) => name.trim());
}
