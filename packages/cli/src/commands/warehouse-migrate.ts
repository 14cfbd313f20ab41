/** `longshore warehouse migrate`: brings the warehouse's schema up to date. */
import { defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { withWarehouse } from '../with-warehouse.ts';

/** The command. */
export const migrate: Command = defineCommand({
  name: 'migrate',
  summary: 'Bring the schema of the warehouse up to date',
  description: [
    'Safe to run from several places at once: one applies, the others wait and find nothing to do.',
  ],
  run: ({ values, terminal, env }) =>
    withWarehouse(env, async (pool) => {
      const { migrateWarehouse } = await import('@longshore/warehouse');
      const applied = (await migrateWarehouse(pool)).map(({ name }) => name);
      if (values.json) terminal.json({ applied });
      else terminal.write(applied.length === 0 ? 'Up to date\n' : `Applied ${applied.join(', ')}\n`);
      return EXIT_OK;
    }),
});
