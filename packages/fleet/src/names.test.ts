import { describe, expect, it } from 'vitest';
import { defineFleet } from './define-fleet.ts';
import {
  deadLetterQueueName,
  factsQueueName,
  physicalQueueName,
  queueForJob,
  queueNamed,
  serviceNamed,
} from './names.ts';

const service = {
  slots: 1,
  cpuUnits: 256,
  memoryMiB: 256,
  scale: { max: 1 },
  objective: { timeInQueue: '60s' },
  entry: './main.ts',
};
const fleet = defineFleet({
  name: 'documents',
  queues: { extraction: { jobs: ['extract-pdf', 'extract-html'] }, indexing: { jobs: ['index-text'] } },
  services: { extraction: { ...service, queue: 'extraction' }, indexing: { ...service, queue: 'indexing' } },
});

describe('names of a fleet', () => {
  it('finds the queue of a job, a queue and a service', () => {
    expect(queueForJob(fleet, 'extract-html').name).toBe('extraction');
    expect(queueNamed(fleet, 'indexing').jobs).toEqual(['index-text']);
    expect(serviceNamed(fleet, 'indexing').queue).toBe('indexing');
  });

  it('names what exists when asked for something else', () => {
    expect(() => queueForJob(fleet, 'extract-pfd')).toThrow(
      'Fleet "documents" has no job "extract-pfd", did you mean "extract-pdf"? it has "extract-pdf", "extract-html", "index-text"',
    );
    expect(() => serviceNamed(fleet, 'warehouse')).toThrow(
      'Fleet "documents" has no service "warehouse", it has "extraction", "indexing"',
    );
    expect(() => queueNamed(fleet, '')).toThrow('it has "extraction", "indexing"');
  });

  it('prefixes queues with the fleet, within the 80 characters of SQS', () => {
    expect(physicalQueueName(fleet, 'indexing')).toBe('documents-indexing');
    expect(deadLetterQueueName(fleet, 'indexing')).toBe('documents-indexing-dlq');
    expect(factsQueueName(fleet)).toBe('documents-facts');
    expect(deadLetterQueueName({ name: 'f'.repeat(32) }, 'q'.repeat(40))).toHaveLength(77);
  });
});
