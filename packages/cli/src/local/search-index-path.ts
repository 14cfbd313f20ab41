/** Where the local fleet of a folder keeps its search index. */
import type { Environment } from '@longshore/launch';

/** Options of {@link localSearchIndexPath}. */
export interface LocalSearchIndexPathOptions {
  readonly env: Environment;
  readonly cwd: string;
  /** Fleet file. Default: the one of the folder or a parent. */
  readonly fleet: string | undefined;
}

/** The path of the file. @throws LongshoreError where there is no fleet file */
export async function localSearchIndexPath({
  env,
  cwd,
  fleet,
}: LocalSearchIndexPathOptions): Promise<string> {
  // A search of a named index must not pay for these.
  const [{ loadFleet }, { localState }] = await Promise.all([
    import('../load-fleet.ts'),
    import('./state.ts'),
  ]);
  const { path } = await loadFleet({ cwd, path: fleet });
  return (await localState(path, env)).searchIndex;
}
