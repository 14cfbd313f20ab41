/** The versions that a new fleet asks for. Those of other projects are the ones that Longshore itself is tested with. */
import { readFileSync } from 'node:fs';

/** What a fleet's code imports of other projects. */
export const FOREIGN_VERSIONS = {
  zod: '4.6.7',
} as const;

/** Tools of a fleet of other projects. */
export const TOOL_VERSIONS = {
  '@types/node': '24.19.2',
  typescript: '7.0.2',
  vitest: '5.1.1',
} as const;

/** All packages of Longshore have one version: that of this package. */
export function longshoreVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
