/** Reads the body of a request, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** The bytes; `too_large` when there are more than the limit; `gone` when the client left before the end. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too_large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) chunks.push(chunk);
    });
    request.once('end', () => resolve(bytes > maxBytes ? 'too_large' : Buffer.concat(chunks)));
    request.once('close', () => resolve('gone'));
    request.once('error', () => resolve('gone'));
  });
}
