/** Runs one worker of the warehouse. It takes no job before the warehouse has the schema that it needs. */
import { launch } from '@longshore/launch';
import { connectWarehouse, readWarehouseSettings, verifySchema, warehouse } from '@longshore/warehouse';
import fleet from '../../../fleet.ts';
import { warehouseHandlers } from './index.ts';

await launch({
  fleet,
  service: 'warehouse-sync',
  async setUp({ env }) {
    const pool = await connectWarehouse(await readWarehouseSettings(env));
    await verifySchema(pool);
    const sink = warehouse({ pool });
    return {
      handlers: warehouseHandlers({ warehouse: sink }),
      async close() {
        await sink.close();
        await pool.end();
      },
    };
  },
});
