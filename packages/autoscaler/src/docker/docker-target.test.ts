import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { dockerTarget, type DockerTargetOptions } from './docker-target.ts';

// What needs an engine is in test/drivers.
const socketPath = join(tmpdir(), 'longshore-no-engine.sock');

describe('dockerTarget', () => {
  it('refuses wrong options, all at once', () => {
    const options: DockerTargetOptions = {
      project: 'Shop!',
      socketPath: '',
      host: 'unix:///x',
      graceMs: -1,
      startLimitMs: Number.NaN,
      timeoutMs: 0,
    };
    expect(() => dockerTarget(options)).toThrow(
      /project is "Shop!".*socketPath is empty; host is "unix:\/\/\/x".*both socketPath and host.*graceMs is -1.*startLimitMs is NaN.*timeoutMs is 0/,
    );
  });

  it('says where it looked for an engine, and refuses wrong counts and names before it looks', async () => {
    await using target = dockerTarget({ project: 'shop', socketPath });
    await expect(target.observe('mail')).rejects.toMatchObject({
      code: 'target_unavailable',
      message: expect.stringContaining(socketPath) as unknown,
    });
    await expect(target.apply('mail', 1)).rejects.toMatchObject({ code: 'target_unavailable' });
    await expect(target.apply('mail', -1)).rejects.toMatchObject({ code: 'invalid_options' });
    await expect(target.observe('no service')).rejects.toMatchObject({ code: 'service_missing' });
  });

  it('is closed for good', async () => {
    const target = dockerTarget({ project: 'shop', socketPath });
    await target.close();
    await target.close();
    await expect(target.observe('mail')).rejects.toMatchObject({ code: 'closed' });
    await expect(target.apply('mail', 1)).rejects.toMatchObject({ code: 'closed' });
  });
});
