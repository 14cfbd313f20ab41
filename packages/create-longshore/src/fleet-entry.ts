/** The text of one worker in a fleet file: its queue and its service. */

/** A worker to be. */
export interface NewWorker {
  /** Name of the service and of its queue. */
  readonly worker: string;
  readonly job: string;
}

/** Source text of a property, its first line without indent. */
export interface FleetEntry {
  readonly queue: string;
  readonly service: string;
}

/** The entry of a worker that has everything to learn: small tasks, none while there is no work. */
export function fleetEntry({ worker, job }: NewWorker): FleetEntry {
  const key = propertyKey(worker);
  return {
    queue: `${key}: { jobs: ['${job}'] },`,
    service: [
      `${key}: {`,
      `  entry: './services/${worker}/src/main.ts',`,
      `  queue: '${worker}',`,
      '  slots: 10,',
      '  cpuUnits: 256,',
      '  memoryMiB: 512,',
      '  scale: { min: 0, max: 10 },',
      "  objective: { percentile: 95, timeInQueue: '60s' },",
      '},',
    ].join('\n'),
  };
}

/** A name as the key of an object literal. */
export function propertyKey(name: string): string {
  return /^[a-z][a-z0-9]*$/.test(name) ? name : `'${name}'`;
}
