import { describe, expect, it } from 'vitest';
import { bullmqQueue } from './bullmq-queue.ts';
import { serverName } from './options.ts';

describe('options of bullmqQueue', () => {
  it('names every fault at once and repeats no password', () => {
    const open = () =>
      bullmqQueue({
        name: 'a:b',
        deadLetterName: '',
        connection: { url: 'https://user:secret@redis.test' },
        prefix: '',
        maxReceives: 0,
      });
    expect(open).toThrow(expect.objectContaining({ code: 'invalid_options' }) as Error);
    expect(open).toThrow(/"a:b".*deadLetterName is empty.*prefix is empty.*maxReceives is 0.*redis:\/\//);
    expect(open).not.toThrow(/secret/);
  });

  it.each([
    [{ name: 'jobs', deadLetterName: 'jobs', connection: { host: 'redis' } }, /the queue itself/],
    [{ name: 'jobs', connection: { host: 'redis', port: 70_000 } }, /port is 70000/],
    [{ name: 'jobs', connection: { host: '' } }, /host is empty/],
    [{ name: '', connection: { url: 'rediss://redis' } }, /name is empty/],
  ])('refuses %o', (options, message) => {
    expect(() => bullmqQueue(options)).toThrow(message);
  });

  it('names a server without its credentials', () => {
    expect(serverName({ url: 'rediss://user:secret@redis.test/3' })).toBe('redis.test:6379');
    expect(serverName({ host: 'redis', port: 7_000, password: 'secret' })).toBe('redis:7000');
  });
});
