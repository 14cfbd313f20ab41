/** The receivers' process: answers at once, or at `/hang` never, and reports arrivals in batches. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let batch: [string, number][] = [];
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    if (request.url === '/hang') return;
    batch.push([String(request.headers['webhook-id']), performance.timeOrigin + performance.now()]);
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
setInterval(() => {
  if (batch.length > 0) process.send?.(batch);
  batch = [];
}, 20);
