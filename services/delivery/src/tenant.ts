/** Names of tenants. They stand in keys and in file names, so they are narrow. */
import { z } from 'zod';

/** What may stand in a key and tell one tenant from another. */
export const TENANT: z.ZodString = z
  .string()
  .regex(/^(?!\.)[A-Za-z0-9._@-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 . _ @ -');
