/** The members of a query or a form, without trusting their form. */
import { Refusal } from '@portcullis/contracts';
import { malformed, refuseUnstorable } from './strict-json.ts';
import { MAX_MEMBERS } from './bounds.ts';

/**
 * Members of a query or of a form body (`application/x-www-form-urlencoded`). Each at most once
 * (RFC 6749 section 3.1), correctly escaped, and UTF-8.
 *
 * @throws Refusal `invalid_request`
 */
export function parseMembers(text: string, where: 'query' | 'form'): Map<string, string> {
  const members = new Map<string, string>();
  if (text === '') return members;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = unescapeMember(at === -1 ? pair : pair.slice(0, at), where);
    const value = at === -1 ? '' : unescapeMember(pair.slice(at + 1), where);
    if (members.has(name)) throw repeated(name, where);
    members.set(name, value);
    if (members.size > MAX_MEMBERS) throw malformed(where, 'has too many members');
  }
  return members;
}

/** Which one it was; for the program, and for no log and no answer: the name is a client's. */
export class RepeatedMember extends Error {
  readonly member: string;

  constructor(member: string) {
    super('a member is given twice');
    this.member = member;
  }
}

function repeated(name: string, where: string): Refusal {
  return new Refusal('invalid_request', {
    cause: new RepeatedMember(name),
    issues: [{ path: where, message: 'names a member twice' }],
  });
}

function unescapeMember(text: string, where: string): string {
  let unescaped: string;
  try {
    unescaped = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(where, 'is not correctly escaped');
  }
  refuseUnstorable(unescaped, where);
  return unescaped;
}
