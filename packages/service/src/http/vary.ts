/** `Vary` has several authors, CORS and tRPC among them: each adds its names and replaces none. */
import type { FastifyReply } from 'fastify';

/** @returns the names of the answer's own `Vary` and of the other, each once (RFC 9110 section 12.5.5) */
export function joinedVary(reply: FastifyReply, other: string): string {
  const own = reply.getHeader('vary');
  const names = [own, other].flatMap((value) => String(value ?? '').split(','));
  return [...new Set(names.map((name) => name.trim().toLowerCase()))].filter(Boolean).join(', ');
}
