/**
 * How containers say whose they are: with compose's own labels, so that `docker compose ps`, `logs` and `down` see them.
 *
 * Labels cannot be changed later, names can: a container that was told to leave carries in its name until when, and so
 * does not lose that with the controller.
 */

/** Labels that compose puts on the containers of a project. */
export const LABELS = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  /** `True` on what `docker compose run` started: not a task. */
  oneoff: 'com.docker.compose.oneoff',
  /** The container that this one replaced; no copy has it. */
  replaces: 'com.docker.compose.replace',
  /** On what this target created. */
  scaled: 'longshore.scaled',
} as const;

const LEAVING = /\.leaves-by-(\d+)$/;
const LEFT = /\.left$/;

/** Name of a service's container, as compose would call it. */
export function containerName(project: string, service: string, number: number): string {
  return `${project}-${service}-${number}`;
}

/** The name of a container that was told to leave. */
export function leavingName(name: string, leavesByMs: number): string {
  return `${bareName(name)}.leaves-by-${Math.ceil(leavesByMs)}`;
}

/** The name of a container that has left and is kept to be copied. Somebody who starts it again has a task again. */
export function leftName(name: string): string {
  return `${bareName(name)}.left`;
}

/** Until when a container of this name must have left; `undefined` when it was not told to leave. */
export function leavesByOf(name: string): number | undefined {
  const digits = LEAVING.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether the container is kept to be copied. */
export function isKept(name: string): boolean {
  return LEFT.test(name);
}

function bareName(name: string): string {
  return name.replace(LEAVING, '').replace(LEFT, '');
}

/** The lowest number from 1 that none has. */
export function freeNumber(taken: Iterable<number>): number {
  const numbers = new Set(taken);
  let number = 1;
  while (numbers.has(number)) number += 1;
  return number;
}
