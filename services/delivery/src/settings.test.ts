import { describe, expect, it } from 'vitest';
import { readDeliverySettings } from './settings.ts';

const least = {
  LONGSHORE_DELIVERY_STORE: 'postgres://user:secret@db/longshore',
  LONGSHORE_DELIVERY_PUBLIC_URL: 'https://files.example.com',
  LONGSHORE_DELIVERY_LINK_KEY: 'k'.repeat(32),
};

describe('the settings', () => {
  it('need a store, a URL and a key', () => {
    expect(readDeliverySettings(least)).toEqual({
      store: { kind: 'postgres', url: least.LONGSHORE_DELIVERY_STORE },
      publicUrl: new URL('https://files.example.com/'),
      linkKey: least.LONGSHORE_DELIVERY_LINK_KEY,
      allowPrivate: [],
      allowHttp: false,
      queues: [],
    });
  });

  it('are read from the environment', () => {
    expect(
      readDeliverySettings({
        ...least,
        LONGSHORE_DELIVERY_STORE: 'sqlite:///var/lib/deliveries.db',
        LONGSHORE_DELIVERY_LINKS_PORT: '8080',
        LONGSHORE_DELIVERY_LINKS_HOST: '0.0.0.0',
        LONGSHORE_DELIVERY_AVAILABLE_FOR: '7d',
        LONGSHORE_DELIVERY_ALLOW_PRIVATE: '10.0.0.0/8, fd00::/8',
        LONGSHORE_DELIVERY_ALLOW_HTTP: 'on',
        LONGSHORE_DELIVERY_QUEUES: 'a,b',
      }),
    ).toMatchObject({
      store: { kind: 'sqlite', path: '/var/lib/deliveries.db' },
      links: { port: 8_080, host: '0.0.0.0' },
      availableForMs: 604_800_000,
      allowPrivate: ['10.0.0.0/8', 'fd00::/8'],
      allowHttp: true,
      queues: ['a', 'b'],
    });
  });

  it('tell every fault at once, and no secret', () => {
    const wrong = {
      LONGSHORE_DELIVERY_STORE: 'mysql://user:secret@db/x',
      LONGSHORE_DELIVERY_ALLOW_PRIVATE: 'everything',
      LONGSHORE_DELIVERY_ALLOW_HTTP: 'yes',
      LONGSHORE_DELIVERY_PUBLIC_URL: 'files',
      LONGSHORE_DELIVERY_LINK_KEY: 'short-secret',
      LONGSHORE_DELIVERY_LINKS_PORT: 'http',
      LONGSHORE_DELIVERY_AVAILABLE_FOR: 'long',
    };
    const everyName = new RegExp(
      Object.keys(wrong)
        .map((name) => `${name}: [^;]+`)
        .join('; '),
    );
    expect(() => readDeliverySettings(wrong)).toThrow(everyName);
    expect(() => readDeliverySettings(wrong)).not.toThrow('secret');
    expect(() => readDeliverySettings({})).toThrow(
      /STORE is not set.*PUBLIC_URL is not set.*LINK_KEY is not set/,
    );
  });
});
