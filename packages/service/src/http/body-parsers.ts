/** The two kinds of bodies there are. Every other content type is answered 415 by the framework. */
import { Refusal } from '@portcullis/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseMembers } from './members.ts';
import { decodeUtf8, parseStrictJson } from './strict-json.ts';

/** A form, distinguished from a JSON object. */
export class FormBody {
  readonly members: ReadonlyMap<string, string>;

  constructor(members: ReadonlyMap<string, string>) {
    this.members = members;
  }
}

/** JSON becomes a value, a form a `FormBody`, nothing `undefined`. */
export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    settle(done, () => readJson(request, bytes));
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    (_request, bytes, done) => {
      settle(done, () =>
        bytes.length === 0
          ? undefined
          : new FormBody(parseMembers(decodeUtf8(Buffer.from(bytes)), 'form')),
      );
    },
  );
}

/** tRPC parses by itself; the text is checked first, and handed on as text. */
export function addTextualJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    settle(done, () => (readJson(request, bytes) === undefined ? undefined : bytes.toString()));
  });
}

function readJson(request: FastifyRequest, bytes: Buffer | string): unknown {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(
    request.headers['content-type'] ?? '',
  )?.[1];
  // RFC 8259 section 8.1: JSON between systems is UTF-8.
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new Refusal('unsupported_media_type');
  }
  return bytes.length === 0 ? undefined : parseStrictJson(decodeUtf8(Buffer.from(bytes)));
}

function settle(done: (error: Error | null, body?: unknown) => void, read: () => unknown): void {
  let body: unknown;
  try {
    body = read();
  } catch (error) {
    done(error instanceof Error ? error : new Error('unreadable body', { cause: error }));
    return;
  }
  done(null, body);
}
