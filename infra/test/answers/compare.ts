/** Answers to the same request side by side. */
import { isDeepStrictEqual } from 'node:util';
import { ask, type WholeAnswer } from './ask.ts';
import type { Behaviour, Target } from './behaviours.ts';
import type { Stage } from './stage.ts';

/** By behaviour and by the name of the target. */
export type Answers = Record<string, Record<string, WholeAnswer>>;

/** A cell that is not as it should be. */
export interface Difference {
  behaviour: string;
  target: string;
  got: unknown;
  expected: unknown;
}

export async function answersOf(
  stage: Stage,
  rows: readonly Behaviour[],
  targets: readonly Target[],
): Promise<Answers> {
  const found: Answers = {};
  for (const { name, bring } of rows) {
    found[name] = {};
    for (const target of targets) {
      const headers = [...(await bring(stage, target))];
      if (target.body !== undefined)
        headers.push(['content-type', target.type ?? 'application/json']);
      found[name][target.name] = await ask({ ...target, headers });
    }
  }
  return found;
}

/** Each cell of `answers` beside the one that it has to be like. */
export function differences(
  answers: Answers,
  expected: Answers,
  likeOf: (target: string) => string = (target) => target,
): Difference[] {
  return Object.entries(answers).flatMap(([behaviour, row]) =>
    Object.entries(row).flatMap(([target, answer]) => {
      const other = expected[behaviour]?.[likeOf(target)];
      if (other === undefined) throw new Error(`${behaviour}: ${target} has nothing to be like`);
      const [got, wanted] = [guardsPart(answer), guardsPart(other)];
      const isSame = isDeepStrictEqual(got, wanted);
      return isSame ? [] : [{ behaviour, target, got, expected: wanted }];
    }),
  );
}

/** What of an answer is the guard's. */
function guardsPart({ status, requestId, headers, body }: WholeAnswer): unknown {
  // Node's parser answers, or the service in its place: there is no request for a guard.
  if (status === 431) return { status };
  const names = ['www-authenticate', 'retry-after', 'dpop-nonce'];
  const [type] = String(headers['content-type']).split(';');
  return {
    status,
    // What is let in is the app's to name and to have stored.
    ...(status >= 400 && { type, requestId, stored: headers['cache-control'] ?? null }),
    headers: names.map((name) => headers[name] ?? null),
    body: withoutEnvelope(body) ?? null,
  };
}

/** Of an answer of tRPC what is in its envelope. */
function withoutEnvelope(body: unknown): unknown {
  const error: unknown = Reflect.get(Object(body), 'error');
  const data: unknown = Reflect.get(Object(error), 'data');
  return Reflect.get(Object(data), 'portcullis') ?? body;
}
