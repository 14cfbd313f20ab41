/** The warehouse of the environment, for as long as a command needs it. */
import type { Environment } from '@longshore/launch';
import { connectWarehouse, readWarehouseSettings } from '@longshore/warehouse';

type Pool = Awaited<ReturnType<typeof connectWarehouse>>;

/** Runs with a pool that is ended afterwards. */
export async function withWarehouse<Result>(
  env: Environment,
  run: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const pool = await connectWarehouse(await readWarehouseSettings(env));
  try {
    return await run(pool);
  } finally {
    await pool.end();
  }
}
