/** `longshore warehouse check`: what the object store has and the warehouse has not. */
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { connect } from '../local/connection.ts';
import { withWarehouse } from '../with-warehouse.ts';

/** The command. */
export const check: Command = defineCommand({
  name: 'check',
  summary: 'Compare the warehouse with the object store',
  description: ['Exit code 1 when documents are missing from the warehouse or among its rejects.'],
  options: { fleet: FLEET_OPTION },
  async run({ values, terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    await using connection = await connect({ fleet, fleetPath: path, env });
    return await withWarehouse(env, async (pool) => {
      const { checkWarehouse, verifySchema } = await import('@longshore/warehouse');
      await verifySchema(pool);
      const found = await checkWarehouse({ pool, objects: connection.opened.objects });
      if (values.json) terminal.json({ ...found });
      else {
        const lag = found.lagP95Ms === null ? 'unknown' : `${found.lagP95Ms} ms`;
        terminal.write(
          `${found.stored} in the object store, ${found.matched} of them in the warehouse, ${found.missing} missing; ${found.notStored} only in the warehouse; ${found.openRejects} rejected; lag (95th percentile) ${lag}\n`,
        );
        for (const missing of found.missingExamples.slice(0, 10)) terminal.write(`missing ${missing}\n`);
        if (found.missing > 0) terminal.write('Load them: longshore warehouse backfill\n');
      }
      return found.missing > 0 || found.openRejects > 0 ? EXIT_FAILED : EXIT_OK;
    });
  },
});
