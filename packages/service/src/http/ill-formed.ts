/** Requests that parse, and that no honest client sends. */
import type { FastifyInstance } from 'fastify';
import { malformed } from './strict-json.ts';

/** RFC 9112 section 3.2: exactly one Host header, in HTTP/1.1. */
export function refuseIllFormed(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { rawHeaders, httpVersion } = request.raw;
    let hosts = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (rawHeaders[i]?.toLowerCase() === 'host') hosts += 1;
    }
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
      throw malformed('host', 'is needed once');
    }
  });
}
