import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_ROOT } from '../paths.ts';
import { StepFailure } from '../steps.ts';

export interface Administrator {
  email: string;
  password: string;
  /** Where it comes from; a generated password is shown when it is new, and only then. */
  origin: 'environment' | 'generated now' | 'generated before';
}

export const ADMINISTRATOR_FILE: string = join(DATA_ROOT, 'dev-admin.json');
const EMAIL = 'admin@portcullis.example';

export function firstAdministrator(): Administrator {
  return administratorFromEnvironment() ?? readGenerated() ?? generate();
}

/** @throws {StepFailure} if only half of it is there */
export function administratorFromEnvironment(): Administrator | undefined {
  const email = process.env['PORTCULLIS_ADMIN_EMAIL'];
  const password = process.env['PORTCULLIS_ADMIN_PASSWORD'];
  if (email && password) return { email, password, origin: 'environment' };
  if (email || password) {
    throw new StepFailure(
      'Of PORTCULLIS_ADMIN_EMAIL and PORTCULLIS_ADMIN_PASSWORD only one is set.',
      { fix: 'set both, or neither to have an administrator generated' },
    );
  }
  return undefined;
}

function readGenerated(): Administrator | undefined {
  let text: string;
  try {
    text = readFileSync(ADMINISTRATOR_FILE, 'utf8');
  } catch {
    return undefined;
  }
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'email' in parsed && 'password' in parsed) {
    const { email, password } = parsed;
    if (typeof email === 'string' && typeof password === 'string') {
      return { email, password, origin: 'generated before' };
    }
  }
  throw new StepFailure(`${ADMINISTRATOR_FILE} does not hold {"email","password"}.`, {
    fix: `rm ${ADMINISTRATOR_FILE}`,
  });
}

function generate(): Administrator {
  const administrator = { email: EMAIL, password: randomBytes(18).toString('base64url') };
  mkdirSync(DATA_ROOT, { recursive: true });
  const draft = `${ADMINISTRATOR_FILE}.draft`;
  writeFileSync(draft, `${JSON.stringify(administrator)}\n`, { mode: 0o600 });
  renameSync(draft, ADMINISTRATOR_FILE);
  return { ...administrator, origin: 'generated now' };
}
