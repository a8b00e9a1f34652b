/** Distinguishes "no such address" from "no such method" (RFC 9110 section 15.5.6), answers OPTIONS. */
import { Refusal } from '@portcullis/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerRefusal } from './answer-refusal.ts';
import { requestTarget } from '@portcullis/verify/guard';

interface KnownPath {
  pattern: RegExp;
  methods: Set<string>;
}

/** Has to be called before the routes are registered, since it learns of them as they come. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const known = new Map<string, KnownPath>();
  app.addHook('onRoute', ({ url, method }) => {
    const entry = known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const one of Array.isArray(method) ? method : [method]) entry.methods.add(one);
    known.set(url, entry);
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const { path } = requestTarget(request.raw.url ?? '/');
    const methods = new Set<string>();
    for (const entry of known.values()) {
      if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
    }
    if (methods.size === 0) return answerRefusal(request, reply, new Refusal('not_found'));
    reply.header('allow', [...methods, 'OPTIONS'].toSorted().join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    return answerRefusal(request, reply, new Refusal('method_not_allowed'));
  });
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}$`);
}
