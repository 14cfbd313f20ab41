import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

describe('readSettings', () => {
  it('reads a local fleet and a fleet on AWS', () => {
    const local = readSettings({
      LONGSHORE_SQS_ENDPOINT: 'http://127.0.0.1:9324',
      LONGSHORE_OBJECTS: 'file:///data/objects',
    });
    expect(local).toMatchObject({
      region: 'us-east-1',
      objects: { kind: 'fs', root: '/data/objects' },
      pollMs: 20_000,
      minReleaseMs: 0,
      heartbeats: undefined,
      revision: undefined,
      ecsMetadataUri: undefined,
    });
    const aws = readSettings({
      AWS_REGION: 'eu-west-3',
      LONGSHORE_OBJECTS: 's3://documents/fleet/a/',
      LONGSHORE_HEALTH_PORT: '8080',
      LONGSHORE_HEARTBEATS: 'off',
      LONGSHORE_REVISION: 'mail:7',
      ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/abc',
    });
    expect(aws).toMatchObject({
      region: 'eu-west-3',
      credentials: undefined,
      objects: { kind: 's3', bucket: 'documents', prefix: 'fleet/a' },
      health: { port: 8080, host: '127.0.0.1' },
      heartbeats: 'off',
      revision: 'mail:7',
      ecsMetadataUri: 'http://169.254.170.2/v4/abc',
    });
  });

  it('names every wrong variable at once, with what it expects', () => {
    const read = (): unknown =>
      readSettings({
        LONGSHORE_SQS_ENDPOINT: 'nowhere',
        LONGSHORE_OBJECTS: 'ftp://a',
        LONGSHORE_LOG_LEVEL: 'loud',
        LONGSHORE_HEALTH_PORT: '99999',
        LONGSHORE_POLL_SECONDS: '0',
        LONGSHORE_HEARTBEATS: 'on',
        LONGSHORE_REVISION: 'x'.repeat(301),
        ECS_CONTAINER_METADATA_URI_V4: 'here',
      });
    for (const part of [
      'LONGSHORE_SQS_ENDPOINT is "nowhere"',
      'AWS_REGION is not set',
      'LONGSHORE_OBJECTS is "ftp://a"',
      'LONGSHORE_LOG_LEVEL is "loud"',
      'LONGSHORE_HEALTH_PORT is "99999"',
      'LONGSHORE_POLL_SECONDS is "0"',
      'LONGSHORE_HEARTBEATS is "on", expected queue or off',
      'LONGSHORE_REVISION has 301 characters',
      'ECS_CONTAINER_METADATA_URI_V4 is "here"',
    ]) {
      expect(read).toThrow(part);
    }
  });
});
