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

  it('reads where the ledger is, and how long it keeps what', () => {
    const base = {
      LONGSHORE_SQS_ENDPOINT: 'http://127.0.0.1:9324',
      LONGSHORE_OBJECTS: 'file:///data/objects',
    };
    expect(readSettings(base)).toMatchObject({ ledger: undefined, revision: undefined });
    const sqlite = readSettings({
      ...base,
      LONGSHORE_LEDGER: 'sqlite:///var/lib/a%20b/ledger.db',
      LONGSHORE_LEDGER_RETENTION: 'counts=70d, jobs=12h',
      LONGSHORE_REVISION: 'abc',
    });
    expect(sqlite.revision).toBe('abc');
    expect(sqlite.ledger).toEqual({
      kind: 'sqlite',
      path: '/var/lib/a b/ledger.db',
      retention: { countsMs: 70 * 86_400_000, jobsMs: 12 * 3_600_000 },
    });
    const url = 'postgres://user:secret@host/database?sslmode=require';
    expect(readSettings({ ...base, LONGSHORE_LEDGER: url }).ledger).toEqual({
      kind: 'postgres',
      url,
      retention: {},
    });
  });

  it.each([
    'ledger.db',
    'sqlite://ledger.db',
    'sqlite:///',
    'sqlite:///%ff',
    'mysql://user:secret@host/db',
    'postgres://',
  ])('refuses the ledger %s without repeating it, for it may hold a password', (LONGSHORE_LEDGER) => {
    const read = (): unknown =>
      readSettings({ LONGSHORE_LEDGER, LONGSHORE_LEDGER_RETENTION: 'jobs=soon,all=1d' });
    expect(read).toThrow('LONGSHORE_LEDGER is no URL like sqlite:///');
    expect(read).not.toThrow('secret');
    expect(read).toThrow('Cannot read duration "soon"');
    expect(read).toThrow('There is no "all"');
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
