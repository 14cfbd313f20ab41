import { describeQueue } from '../conformance/index.ts';
import { memoryQueue } from './memory-queue.ts';

for (const name of ['memory', 'memory.fifo']) {
  describeQueue({
    name: `memoryQueue "${name}"`,
    open: () => {
      const deadLetters = memoryQueue({ name: name.replace('memory', 'dead') });
      const queue = memoryQueue({ name, deadLetters, maxReceives: 3 });
      return Promise.resolve({ queue, deadLetters, close: () => queue.close() });
    },
  });
}
