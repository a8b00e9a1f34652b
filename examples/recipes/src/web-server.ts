import { serve } from '@hono/node-server';
import { GET } from './web.js';

serve({ fetch: GET, port: Number(process.env['PORT'] ?? 4010), hostname: '127.0.0.1' });
