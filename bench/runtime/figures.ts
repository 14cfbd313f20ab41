/** The figures: what each is, its bar and its aim, and how it follows from what the variants did. */
import type { Sample } from './measure.ts';
import { MIXED_SLOTS, type VariantName } from './variants.ts';

/** Special measurements that are no variant. */
export type SpecialName = 'blockedLoop' | 'idle' | 'firstJob';

/** Which way is better, and how far is good enough. */
export interface Bar {
  readonly sense: 'at most' | 'at least';
  readonly must: number;
  readonly aim?: number;
}

interface FigureBase {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly bar: Bar;
  /** What the peer is; a figure without one is ours alone. */
  readonly peer?: string;
  /** `ratio`: the value is ours by the peer's. `ours`: the value is our side, the peer is for comparison. */
  readonly value: 'ratio' | 'ours';
}

/** A figure from variants. */
export interface VariantFigure extends FigureBase {
  readonly from: 'variants';
  readonly ours: VariantName;
  readonly against?: VariantName;
  readonly side: (sample: Sample) => number;
  /** The peer's side when it is no variant. */
  readonly computedPeer?: (ours: Sample) => number;
}

/** A figure from a special measurement, which has both sides. */
export interface SpecialFigure extends FigureBase {
  readonly from: SpecialName;
  readonly pick: 'duplicates' | 'rssMB' | 'callsPerMinute' | 'startMs';
}

/** A figure. */
export type Figure = VariantFigure | SpecialFigure;

const cpu = ({ cpuMicrosPerMessage }: Sample): number => cpuMicrosPerMessage;
const rate = ({ messagesPerSecond }: Sample): number => messagesPerSecond;
const calls = ({ callsPerMessage = Number.NaN }: Sample): number => callsPerMessage;

const CPU = 'CPU µs/msg';
const RATE = 'msg/s';

/** In the order of the output. */
export const FIGURES: readonly Figure[] = [
  {
    key: 'cpuVsSqsConsumerBatch',
    title: 'CPU, no-op, saturated',
    peer: 'sqs-consumer handleMessageBatch 10',
    bar: { sense: 'at most', must: 0.25, aim: 1 / 7 },
    from: 'variants',
    ours: 'longshoreNoop',
    against: 'sqsConsumerBatch',
    side: cpu,
    unit: CPU,
    value: 'ratio',
  },
  {
    key: 'cpuVsBullmq100',
    title: 'CPU, no-op, saturated',
    peer: 'BullMQ, concurrency 100',
    bar: { sense: 'at most', must: 1, aim: 0.6 },
    from: 'variants',
    ours: 'longshoreNoop',
    against: 'bullmq100',
    side: cpu,
    unit: CPU,
    value: 'ratio',
  },
  {
    key: 'mixedVsBatch10',
    title: 'Rate, 20 and 500 ms handlers, 10 slots',
    peer: 'sqs-consumer handleMessage 10',
    bar: { sense: 'at least', must: 4.5 },
    from: 'variants',
    ours: 'longshoreMixed',
    against: 'sqsConsumerMixed10',
    side: rate,
    unit: RATE,
    value: 'ratio',
  },
  {
    key: 'mixedVsSingles',
    title: 'Rate, 20 and 500 ms handlers, 10 slots',
    peer: '10 sqs-consumers, batchSize 1',
    bar: { sense: 'at least', must: 1.2 },
    from: 'variants',
    ours: 'longshoreMixed',
    against: 'sqsConsumerMixedSingles',
    side: rate,
    unit: RATE,
    value: 'ratio',
  },
  {
    key: 'mixedShareOfCeiling',
    title: 'Rate, 20 and 500 ms handlers, 10 slots',
    peer: 'ceiling: slots by mean wait drawn',
    bar: { sense: 'at least', must: 0.92, aim: 0.97 },
    from: 'variants',
    ours: 'longshoreMixed',
    side: rate,
    unit: RATE,
    value: 'ratio',
    // The mean of the waits that were drawn, not 68 ms; and without timers' lateness, which counts against us.
    computedPeer: ({ meanWaitMs }) => (MIXED_SLOTS * 1_000) / meanWaitMs,
  },
  {
    key: 'noopVsBatch',
    title: 'Rate, no-op, 8 ms a call',
    peer: 'sqs-consumer handleMessageBatch 10',
    bar: { sense: 'at least', must: 15, aim: 30 },
    from: 'variants',
    ours: 'longshoreNear',
    against: 'sqsConsumerNear',
    side: rate,
    unit: RATE,
    value: 'ratio',
  },
  {
    key: 'noopVs16Batch',
    title: 'Rate, no-op, 8 ms a call',
    peer: '16 sqs-consumers handleMessageBatch 10',
    bar: { sense: 'at least', must: 1.2, aim: 2 },
    from: 'variants',
    ours: 'longshoreNear',
    against: 'sqsConsumerNear16',
    side: rate,
    unit: RATE,
    value: 'ratio',
  },
  {
    key: 'noopVs16BatchCpu',
    title: 'CPU, no-op, 8 ms a call',
    peer: '16 sqs-consumers handleMessageBatch 10',
    bar: { sense: 'at most', must: 1 / 3 },
    from: 'variants',
    ours: 'longshoreNear',
    against: 'sqsConsumerNear16',
    side: cpu,
    unit: CPU,
    value: 'ratio',
  },
  {
    key: 'callsPerMessage',
    title: 'API calls of the worker, mixed handlers',
    peer: 'sqs-consumer handleMessage 10',
    bar: { sense: 'at most', must: 0.21, aim: 0.2 },
    from: 'variants',
    ours: 'longshoreMixed',
    against: 'sqsConsumerMixed10',
    side: calls,
    unit: 'calls/msg',
    value: 'ours',
  },
  {
    key: 'producerCallsPerMessage',
    title: 'API calls of the producer, 200 callers',
    bar: { sense: 'at most', must: 0.11, aim: 0.1 },
    from: 'variants',
    ours: 'longshoreProducer',
    side: calls,
    unit: 'calls/msg',
    value: 'ours',
  },
  {
    key: 'producerCpuVsSdkBatch',
    title: 'CPU of the producer, saturated',
    peer: 'SDK SendMessageBatch 10, 4 in flight',
    bar: { sense: 'at most', must: 1 / 4, aim: 1 / 8 },
    from: 'variants',
    ours: 'longshoreProducer',
    against: 'sdkProducer',
    side: cpu,
    unit: CPU,
    value: 'ratio',
  },
  {
    key: 'blockedLoopDuplicates',
    title: 'Deliveries to a rival, loop blocked 6 s',
    peer: 'sqs-consumer, heartbeat each second',
    bar: { sense: 'at most', must: 0 },
    from: 'blockedLoop',
    pick: 'duplicates',
    unit: 'deliveries',
    value: 'ours',
  },
  {
    key: 'idleRssMB',
    title: 'Memory of an idle worker',
    peer: 'sqs-consumer handleMessage 10',
    bar: { sense: 'at most', must: 90, aim: 75 },
    from: 'idle',
    pick: 'rssMB',
    unit: 'MB',
    value: 'ours',
  },
  {
    key: 'idleCallsPerMinute',
    title: 'API calls of an idle worker',
    peer: 'sqs-consumer handleMessage 10',
    bar: { sense: 'at most', must: 3 },
    from: 'idle',
    pick: 'callsPerMinute',
    unit: 'calls/min',
    value: 'ours',
  },
  {
    key: 'startToFirstJobMs',
    title: 'From spawn to the first job',
    peer: 'sqs-consumer handleMessage 10',
    bar: { sense: 'at most', must: 400, aim: 200 },
    from: 'firstJob',
    pick: 'startMs',
    unit: 'ms',
    value: 'ours',
  },
];

/** Whether a value holds its bar. */
export function holds({ sense, must }: Bar, value: number): boolean {
  return sense === 'at most' ? value <= must : value >= must;
}
