import { text } from 'node:stream/consumers';
import { verifier } from './verifier.js';

const token = (await text(process.stdin)).trim();
await verifier.ready(AbortSignal.timeout(10_000)); // or it fails, and says what stands in the way

const { outcome, reason, code, next } = await verifier.explain(token);
console.log(outcome, reason ?? '', code ?? '');
if (next !== undefined) console.log(next);
await verifier[Symbol.asyncDispose]();
