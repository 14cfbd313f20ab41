import { describeOnceStore } from '../conformance/index.ts';
import { memoryOnceStore } from './memory-once-store.ts';

describeOnceStore({ name: 'memory', open: async () => ({ store: memoryOnceStore() }) });
