/**
 * Calls a server over connections that stay open, one request after the other on each, and looks at
 * every answer. On bare sockets: an HTTP client would need more of the machine than the server.
 */
import { answerQuestions } from '@portcullis/testbed';
import { connect, type Socket } from 'node:net';
import { loadQuestion, type LoadQuestion, type LoadResult } from './call-settings.ts';
import { readAnswer } from './http-answer.ts';

/** Connections begin with callers that are so far apart. */
const APART = 17;

interface Prepared {
  request: string;
  body: string;
}

async function load(question: LoadQuestion): Promise<LoadResult> {
  const prepared = question.calls.map(({ headers, body }) => ({
    request: requestOf(question, headers),
    body,
  }));
  const sockets = await Promise.all(
    Array.from({ length: question.connections }, () => opened(question.port)),
  );
  try {
    const began = performance.now();
    const end = { at: began + question.ms, after: question.atLeast / question.connections };
    const counts = await Promise.all(
      sockets.map((socket, i) => callAgain(socket, prepared, i * APART, end)),
    );
    const calls = counts.reduce((sum, count) => sum + count, 0);
    return { calls, ms: performance.now() - began };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** @returns how many calls it has made. @throws Error for any answer but the right one */
async function callAgain(
  socket: Socket,
  prepared: readonly Prepared[],
  first: number,
  end: { readonly at: number; readonly after: number },
): Promise<number> {
  return await new Promise((resolve, reject) => {
    let done = 0;
    let text = '';
    const next = (): Prepared => {
      const one = prepared[(first + done) % prepared.length];
      if (one === undefined) throw new Error('nothing to call with');
      return one;
    };
    const fail = (why: string): void => reject(new Error(why));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const answer = readAnswer(text);
      if (answer === undefined) return;
      if (answer.status !== 200 || answer.body !== next().body) {
        fail(`answered ${answer.status} ${answer.body} instead of ${next().body}`);
        return;
      }
      text = '';
      done += 1;
      if (done >= end.after && performance.now() >= end.at) resolve(done);
      else socket.write(next().request);
    });
    socket.on('error', reject);
    socket.on('close', () => fail('the server closed a connection'));
    socket.write(next().request);
  });
}

function requestOf(
  { port, path }: LoadQuestion,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}\r\n`;
}

async function opened(port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

answerQuestions(async (asked) => await load(loadQuestion.parse(asked)));
