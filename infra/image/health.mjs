/**
 * The health check of an image: ends with 0 when the service of this container answers 200. It asks `/healthz`, or
 * what it is given, such as `/readyz`.
 */
import { get } from 'node:http';

const ANSWER_MS = 2_500;

const path = process.argv[2] ?? '/healthz';
const port = process.env['PORT'];
get({ host: '127.0.0.1', port, path, timeout: ANSWER_MS, agent: false }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
