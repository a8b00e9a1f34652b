/** Nothing that has to stay private gets into a log line, even when code hands it over. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../src/index.ts';

function logged(write: (logger: Logger) => void): string {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  write(createLogger({ service: 'test', level: 'info', destination }));
  return text;
}

describe('the log', () => {
  it('keeps secrets out, at the top and one level down', () => {
    const line = logged((logger) => {
      logger.info({ password: 'one', headers: { authorization: 'two', cookie: 'three' } }, 'x');
      logger.info({ body: { refresh_token: 'four', client_secret: 'five' }, token: 'six' }, 'x');
    });
    for (const secret of ['one', 'two', 'three', 'four', 'five', 'six']) {
      expect(line).not.toContain(`"${secret}"`);
    }
    expect(line).toContain('[redacted]');
  });

  it('keeps the values of a failed query out, and the chain of causes', () => {
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(ada@example.test) already exists.',
      parameters: ['ada@example.test'],
    });
    const error = new Error('Failed query: insert\nparams: ada@example.test', { cause });
    const line = logged((logger) => logger.error({ err: error }, 'failed'));
    expect(line).not.toContain('ada@');
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      err: { message: 'Failed query: insert', cause: { message: 'duplicate key', code: '23505' } },
    });
  });

  it('writes one line, whatever is in a field', () => {
    const line = logged((logger) => logger.info({ agent: 'a\r\n{"level":"fatal"}\u2028' }, 'x'));
    expect(line.trimEnd().split('\n')).toHaveLength(1);
    expect(line).not.toContain('\r');
  });
});
