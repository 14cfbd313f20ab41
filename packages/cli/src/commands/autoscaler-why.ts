/** `longshore autoscaler why`: the present count of one service, explained. */
import { serviceNamed } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { explanationText } from '../scaling/decision-text.ts';
import { openScalingLedger } from '../scaling/open-scaling-ledger.ts';
import { recordedDecision } from '../scaling/recorded-decision.ts';

/** The command. */
export const why: Command = defineCommand({
  name: 'why',
  summary: 'Explain why a service has the tasks that it has',
  description: [
    'Shows the latest decision: what was seen, what the demand needs, which limits hold the count away from it, and the pin that was in force. Times are UTC.',
  ],
  positionals: [{ name: 'service', description: 'Service of the fleet', completes: 'services' }],
  options: { fleet: FLEET_OPTION },
  examples: [
    { command: 'longshore autoscaler why pdf-extraction', note: 'The present count, explained' },
    {
      command: 'longshore autoscaler why pdf-extraction --json | jq .decision.record.limits',
      note: 'Only what limits it',
    },
  ],
  async run({ values, positionals: [name = ''], terminal, env, cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    const { name: service } = serviceNamed(fleet, name);
    const nowMs = Date.now();
    await using ledger = await openScalingLedger({ env, cwd, fleet: values.fleet });
    const newest = { service, fromMs: 0, toMs: nowMs + 1, order: 'newest', limit: 1 } as const;
    const [[decision], [lastChange]] = await Promise.all([
      ledger.scaling(newest),
      ledger.scaling({ ...newest, changesOnly: true }),
    ]);
    if (decision === undefined) {
      throw new LongshoreError(
        'invalid_options',
        `No decision on "${service}" is recorded in this ledger yet: the autoscaler writes one every few seconds where it runs with the same LONGSHORE_LEDGER`,
        { details: { service } },
      );
    }
    if (values.json) {
      terminal.json({ service, decision, lastChange: lastChange ?? null });
      return EXIT_OK;
    }
    const explanation = {
      decision: recordedDecision(decision),
      lastChange: lastChange === undefined ? undefined : recordedDecision(lastChange),
    };
    terminal.data.write(explanationText(explanation, nowMs, terminal.data));
    return EXIT_OK;
  },
});
