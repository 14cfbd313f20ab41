import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectWarehouse } from './connect.ts';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { migrateWarehouse, verifySchema } from './migrations.ts';
import { readWarehouseSettings } from './settings.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ tls: true });
}, 60_000);
afterAll(() => server.stop());
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('connectWarehouse', () => {
  it('trusts a certificate by its authority, and works over TLS', async () => {
    const pool = await connectWarehouse({ url: server.url(), caPath: server.certificatePath });
    const { rows } = await pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    await pool.end();
  });

  it('refuses a certificate that nothing known has signed, and names the bundle of RDS', async () => {
    const pool = await connectWarehouse({ url: server.url() });
    for (const attempt of [() => migrateWarehouse(pool), () => verifySchema(pool)])
      await expect(attempt()).rejects.toMatchObject({
        code: 'dependency_down',
        message: expect.stringMatching(/global-bundle\.pem.*LONGSHORE_WAREHOUSE_CA/) as string,
      });
    await pool.end();
  });

  it('refuses a host that the certificate does not name', async () => {
    const pool = await connectWarehouse({
      url: server.url().replace('localhost', '127.0.0.1'),
      caPath: server.certificatePath,
    });
    await expect(verifySchema(pool)).rejects.toThrow(/host name that the certificate names/);
    await pool.end();
  });

  it('asks for a password for each connection', async () => {
    let asked = 0;
    const password = (): Promise<string> => {
      asked += 1;
      return Promise.resolve('token');
    };
    await server.requirePasswords('token');
    const pool = await connectWarehouse({ url: server.url(), caPath: server.certificatePath, password });
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of clients) client.release();
    expect(asked).toBe(2);
    await pool.end();
  });

  it.each(['require', 'prefer', 'no-verify', 'disable'])('refuses sslmode=%s', async (mode) => {
    await expect(connectWarehouse({ url: `${server.url()}?sslmode=${mode}` })).rejects.toThrow(
      /only verify-full/,
    );
  });
});

describe('readWarehouseSettings', () => {
  it('names every fault at once', async () => {
    const env = { LONGSHORE_WAREHOUSE_TLS: 'maybe', LONGSHORE_WAREHOUSE_IAM: 'yes' };
    await expect(readWarehouseSettings(env)).rejects.toThrow(
      /LONGSHORE_WAREHOUSE_URL is not set.*TLS is "maybe".*IAM is "yes"/,
    );
  });

  it('makes a token for RDS from the host, the user and the region', async () => {
    const { password } = await readWarehouseSettings({
      LONGSHORE_WAREHOUSE_URL: 'postgres://writer@db.example.com/facts',
      LONGSHORE_WAREHOUSE_IAM: 'on',
      AWS_REGION: 'eu-west-3',
    });
    // The signer finds credentials where every AWS client does.
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const token = await password?.();
    expect(token).toMatch(/^db\.example\.com:5432\/\?.*DBUser=writer.*X-Amz-Expires=900/);
  });
});
