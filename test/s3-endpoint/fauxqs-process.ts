/** fauxqs in a process of its own, so that what it holds in memory is not counted as the driver's. */
import { startFauxqs } from 'fauxqs';

const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
process.once('disconnect', () => process.exit());
process.send?.(server.port);
