import { parseFleet } from '@longshore/fleet';
import { describe, expect, it } from 'vitest';
import { convertManifest, type ConvertedManifest } from './convert-manifest.ts';
import { readManifest } from './read-manifest.ts';

function converted(fields: string, environment?: string): ConvertedManifest {
  const text = `name: mail\ntype: Worker Service\n${fields}`;
  const manifest = readManifest(text, { file: 'manifest.yml', environment });
  return convertManifest(manifest, { worker: 'mail', job: 'send-mail', slots: 1 });
}

const fieldsOf = ({ notes }: ConvertedManifest): string[] => notes.map(({ field }) => field);

describe('A worker service', () => {
  it('without anything has what Copilot gives it', () => {
    const result = converted('');
    expect(result).toMatchObject({
      queue: { jobs: ['send-mail'] },
      service: {
        entry: './services/mail/src/main.ts',
        queue: 'mail',
        slots: 1,
        cpuUnits: 256,
        memoryMiB: 512,
        scale: { min: 1, max: 1 },
        objective: { timeInQueue: '60s' },
      },
    });
    // The objective is ours, so it says so.
    expect(fieldsOf(result)).toEqual(['count.queue_delay']);
  });

  it('keeps its size, its range, its latency and its queue', () => {
    const result = converted(`cpu: 1024
memory: 2048
count:
  range: 2-40
  queue_delay: { acceptable_latency: 1h30m, msg_processing_time: 250ms }
subscribe:
  queue: { retention: 336h, timeout: 2m }
`);
    expect(result).toEqual({
      queue: { jobs: ['send-mail'], lease: '2m', retention: '336h' },
      service: {
        entry: './services/mail/src/main.ts',
        queue: 'mail',
        slots: 1,
        cpuUnits: 1024,
        memoryMiB: 2048,
        scale: { min: 2, max: 40 },
        objective: { timeInQueue: '1h30m' },
        serviceTime: '250ms',
      },
      notes: [],
    });
    const { queue, service } = result;
    expect(parseFleet({ name: 'shop', queues: { mail: queue }, services: { mail: service } }).ok).toBe(true);
  });

  it.each([
    ['count: 3', { min: 3, max: 3 }],
    ['count: 0', { min: 0, max: 0 }],
    ['count: { spot: 5 }', { min: 5, max: 5 }],
    ['count: { range: { min: 1, max: 10, spot_from: 3 } }', { min: 1, max: 10 }],
    ['count: { range: many }', { min: 1, max: 1 }],
    ['count: few', { min: 1, max: 1 }],
  ])('with %s is scaled accordingly', (text, scale) => {
    expect(converted(text).service.scale).toEqual(scale);
  });

  it('has its tries in the job, and a queue that does not give up before', () => {
    const few = converted('subscribe: { queue: { dead_letter: { tries: 5 } } }');
    expect(few.queue.maxReceives).toBeUndefined();
    expect(few.notes[0]).toMatchObject({
      field: 'subscribe.queue.dead_letter.tries',
      reason: expect.stringContaining('maxAttempts: 5') as unknown,
    });
    expect(converted('subscribe: { queue: { dead_letter: { tries: 15 } } }').queue.maxReceives).toBe(30);
  });

  it('lists each field that has no place in a fleet', () => {
    const result = converted(`image: { build: ./Dockerfile }
exec: true
network: { connect: true }
nonsense: 1
count:
  range: { min: 1, max: 2, spot_from: 2 }
  cpu_percentage: 70
  memory_percentage: { value: 80 }
  cooldown: { in: 30s }
  queue_delay: { acceptable_latency: soon, cooldown: { in: 1m } }
subscribe:
  topics:
    - { name: orders, service: api, queue: { timeout: 1m }, filter_policy: { store: [a] } }
  queue: { delay: 30s, fifo: { high_throughput: true }, timeout: 0s, colour: red }
variables: { LOG_LEVEL: info, DB: { from_cfn: x } }
secrets: { TOKEN: /my/token, lower: x }
environments: { test: { count: 1 }, production: }
`);
    expect(fieldsOf(result).toSorted()).toEqual(
      [
        'count.cooldown',
        'count.cpu_percentage',
        'count.memory_percentage',
        'count.queue_delay.acceptable_latency',
        'count.queue_delay.cooldown',
        'count.range.spot_from',
        'environments.production',
        'environments.test',
        'exec',
        'image',
        'network',
        'nonsense',
        'objective',
        'secrets.TOKEN',
        'secrets.lower',
        'subscribe.queue.colour',
        'subscribe.queue.delay',
        'subscribe.queue.fifo',
        'subscribe.queue.timeout',
        'subscribe.topics.api.orders',
        'subscribe.topics.api.orders.filter_policy',
        'subscribe.topics.api.orders.queue',
        'variables.DB',
        'variables.LOG_LEVEL',
      ].toSorted(),
    );
    expect(result.service.secrets).toEqual(['TOKEN']);
    for (const { reason } of result.notes) expect(reason.length).toBeGreaterThan(10);
  });
});

describe('An environment', () => {
  const FIELDS = `cpu: 256
count:
  range: 1-10
  queue_delay: { acceptable_latency: 10m, msg_processing_time: 1s }
variables: { A: one, B: two }
environments:
  production:
    cpu: 1024
    count: { range: { min: 4, max: 80 } }
    variables: { B: three }
  spot: { count: { spot: 3 } }
  test: { count: 1 }
  empty:
`;

  it('overrides fields, maps of them one by one', () => {
    const { service, notes } = converted(FIELDS, 'production');
    expect(service).toMatchObject({
      cpuUnits: 1024,
      scale: { min: 4, max: 80 },
      objective: { timeInQueue: '10m' },
    });
    expect(notes).toContainEqual(expect.objectContaining({ field: 'variables.A', value: 'one' }));
    expect(notes).toContainEqual(expect.objectContaining({ field: 'variables.B', value: 'three' }));
  });

  it('replaces a range by Spot tasks or a number', () => {
    expect(converted(FIELDS, 'spot').service.scale).toEqual({ min: 3, max: 3 });
    expect(converted(FIELDS, 'test').service.scale).toEqual({ min: 1, max: 1 });
    expect(converted(FIELDS, 'empty').service.scale).toEqual({ min: 1, max: 10 });
  });

  it('must be one of the manifest', () => {
    expect(() => converted(FIELDS, 'prodution')).toThrow('did you mean "production"');
    expect(() => converted('', 'production')).toThrow('overrides nothing for any environment');
  });
});

describe('A file', () => {
  it.each([
    ['', 'no map of fields'],
    ['- a', 'no map of fields'],
    ['a: [1\nb: 2', 'line 2'],
    ['name: a\ntype: Backend Service', 'its type is "Backend Service"'],
    ['name: a', 'has no type'],
    ['type: Worker Service', 'has no name'],
    ['name: a\ntype: Worker Service\nenvironments: 1', 'environments are no map'],
    ['name: a\ntype: Worker Service\nname: b', 'unique'],
  ])('%j is no manifest of a worker service', (text, says) => {
    expect(() => readManifest(text, { file: 'manifest.yml' })).toThrow(says);
  });

  it('whose references multiply without end is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? 'x' : Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ');
      return `a${level}: &a${level} [${inner}]`;
    });
    expect(() => readManifest(levels.join('\n'), { file: 'manifest.yml' })).toThrow('alias');
  });
});
