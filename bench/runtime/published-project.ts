/**
 * A project of a user's own, with the packages as npm would deliver them: built, packed, copied, and the clients of this
 * folder compiled beside them. Memory and start-up are measured there, since the sources bring the type stripper along.
 */
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun, ROOT, toolCommand } from '../../test/check/run-program.ts';
import { linkConsumer } from '../../test/packaging/consumer.ts';
import { packPackages } from '../../test/packaging/pack-packages.ts';

/** Where the clients are that are compiled, unless said otherwise. */
const RUNTIME_CLIENTS = 'bench/runtime';
/** What the clients import beside our packages. */
const OTHER_PACKAGES = ['@aws-sdk/client-sqs', 'sqs-consumer', 'zod'];

/** Makes it below `folder`. Resolves with the folder of the compiled clients. */
export async function makePublishedProject(
  folder: string,
  signal: AbortSignal,
  clientSources: string = RUNTIME_CLIENTS,
): Promise<string> {
  await mustRun(toolCommand('typescript', '-b', 'packages/cli'), { signal });
  signal.throwIfAborted();
  const home = join(folder, 'project');
  await linkConsumer(home, await packPackages(join(folder, 'packed')), { peers: true });
  for (const name of OTHER_PACKAGES) {
    const path = join(home, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path, 'junction');
  }
  const clients = join(home, 'clients');
  const sources = (await readdir(join(ROOT, clientSources))).filter((name) => name.endsWith('.ts'));
  const options = ['--ignoreConfig', '--noCheck', '--noResolve', '--rewriteRelativeImportExtensions'];
  const form = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--rootDir',
    clientSources,
    '--outDir',
    clients,
  ];
  const files = sources.map((name) => `${clientSources}/${name}`);
  await mustRun(toolCommand('typescript', ...options, ...form, ...files), { signal });
  return clients;
}
