/** `longshore search` on OpenSearch, by the variables that the indexing service reads, against the stand-in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsObjectStore } from '@longshore/objects/fs';
import { expect, it } from 'vitest';
import { startStandIn } from './stand-in.ts';

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const FLEET = `export default {
  name: 'papers',
  queues: { mail: { jobs: ['send-mail'] } },
  services: { mail: { entry: './main.ts', queue: 'mail', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { max: 1 }, objective: { timeInQueue: '60s' } } },
};
`;

it('is rebuilt and searched from the terminal, and says that it checks itself', async () => {
  await using standIn = await stage();
  expect(await standIn.search('rebuild')).toMatchObject({ code: 0, json: { written: 1, documents: 1 } });
  expect(await standIn.search('elections')).toMatchObject({
    code: 0,
    json: { total: 1, hits: [{ source: 'lettre.pdf' }] },
  });
  expect(await standIn.search('check')).toMatchObject({ code: 2, json: { error: { code: 'unsupported' } } });
}, 60_000);

async function stage() {
  const server = await startStandIn();
  const folder = await mkdtemp(join(tmpdir(), 'longshore-opensearch-command-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'fleet.ts'), FLEET);
  await using objects = fsObjectStore({ root: join(folder, 'objects') });
  const pages = [{ page: 1, text: 'Une élection au port' }];
  await objects.put(
    `extractions/1/${'ab'.repeat(32)}.json`,
    JSON.stringify({ source: 'lettre.pdf', language: 'fr', pages, metadata: {} }),
  );
  return {
    async search(word: string) {
      const child = spawn(process.execPath, [MAIN, 'search', word, '--json'], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          LONGSHORE_OBJECTS: `file://${folder}/objects`,
          LONGSHORE_SQS_ENDPOINT: 'http://127.0.0.1:9',
          LONGSHORE_SEARCH_INDEX: server.url,
          LONGSHORE_SEARCH_DRIVER: 'opensearch',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close');
      const stdout = (await Array.fromAsync(child.stdout.setEncoding('utf8') as AsyncIterable<string>)).join(
        '',
      );
      const [code] = (await closed) as [number | null];
      return { code, json: JSON.parse(stdout) as unknown };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
