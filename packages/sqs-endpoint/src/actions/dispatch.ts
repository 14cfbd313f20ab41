/** From the name of an action to its answer. */
import { SqsFault } from '../protocol/fault.ts';
import type { Action, Answer, Call, Parts } from './action.ts';
import { MESSAGE_ACTIONS, receiveMessage } from './message-actions.ts';
import { QUEUE_ACTIONS } from './queue-actions.ts';

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ...Object.entries(MESSAGE_ACTIONS),
  ...Object.entries(QUEUE_ACTIONS),
]);

/** Answers a call; what it changed is committed by then. @throws SqsFault what SQS would refuse. */
export async function dispatch(parts: Parts, name: string, call: Call): Promise<Answer> {
  if (name === 'ReceiveMessage') return receiveMessage(parts, call);
  const action = ACTIONS.get(name);
  if (action === undefined) {
    throw new SqsFault(
      'UnknownOperationException',
      `The action "${name}" is not one that this endpoint knows.`,
    );
  }
  return parts.turns.run(() => ({ output: action(parts, call) }));
}
