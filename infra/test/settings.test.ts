/** What the launcher says of settings that it does not pass on, and that it knows all of them. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../paths.ts';
import { withClient } from '../services/operation.ts';
import { KNOWN_SETTINGS, notPassedOn, passedOn } from '../services/settings.ts';
import { join } from 'node:path';

describe('the settings of the launcher', () => {
  it('are those that the configurations of the services read', async () => {
    const areas = 'apps/auth/src/config';
    const files = [
      'apps/auth/src/config.ts',
      ...(await readdir(join(ROOT, areas))).map((name) => `${areas}/${name}`),
      'apps/user/src/config.ts',
      'apps/admin/src/config.ts',
      'packages/service/src/config/service-fields.ts',
      'packages/service/src/config/tls-fields.ts',
      'packages/service/src/config/verified-service-fields.ts',
    ];
    const texts = await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')));
    const read = texts.flatMap((text) =>
      [...text.matchAll(/^ +(PORTCULLIS_[A-Z0-9_]+): /gm)].map(([, name = '']) => name),
    );
    expect(read).toEqual(
      expect.arrayContaining(['PORTCULLIS_AUDIENCES', 'PORTCULLIS_SMTP_URL', 'PORTCULLIS_ISSUER']),
    );
    const ofCommands = ['PORTCULLIS_CLIENT_JWKS'];
    const unknown = [...new Set(read)].filter(
      (name) => !KNOWN_SETTINGS.includes(name) && !ofCommands.includes(name),
    );
    expect(unknown).toEqual([]);
  });

  it('reach a service that has them, and none besides', () => {
    const shell = {
      PORTCULLIS_SMTP_URL: 'smtp://user:secret@mail.example',
      PORTCULLIS_WEB_ORIGINS: 'http://localhost:5173',
      PORTCULLIS_UNKNOWN: 'x',
    };
    expect(passedOn('auth', shell)).toEqual({
      PORTCULLIS_SMTP_URL: 'smtp://user:secret@mail.example',
      PORTCULLIS_WEB_ORIGINS: 'http://localhost:5173',
    });
    expect(passedOn('user', shell)).toEqual({ PORTCULLIS_WEB_ORIGINS: 'http://localhost:5173' });
  });

  it('give a command the client of the shell instead of the service’s own', () => {
    const own = { PORTCULLIS_CLIENT_ID: 'cli_user', PORTCULLIS_CLIENT_SECRET_FILE: '/own' };
    expect(withClient(own, {})).toEqual(own);
    expect(
      withClient(own, { PORTCULLIS_CLIENT_ID: 'cli_rec', PORTCULLIS_CLIENT_SECRET: 'secret' }),
    ).toEqual({ PORTCULLIS_CLIENT_ID: 'cli_rec', PORTCULLIS_CLIENT_SECRET: 'secret' });
  });

  it('settings that no service gets are reported, one line each without the value', () => {
    const lines = notPassedOn({
      PORTCULLIS_AUDIENCES: 'urn:portcullis:auth',
      PORTCULLIS_AUDIENCE: 'urn:acme:orders',
      PORTCULLIS_CLIENT_SECRET_FILE: '/run/secret',
      PORTCULLIS_PREFIX_FILE: '/run/prefix',
      PORTCULLIS_ISSUER: 'http://localhost:4000',
      PORTCULLIS_MAX_SESSION: '3',
      PORTCULLIS_TEST_SEED: '1',
      PORTCULLIS_WEB_ORIGINS: '',
      PORTCULLIS_PUBLIC_URL: '',
    });
    expect(lines).toEqual([
      'PORTCULLIS_AUDIENCE is not passed on: each service has one of its own; of tokens: PORTCULLIS_AUDIENCES',
      'PORTCULLIS_CLIENT_SECRET_FILE is not passed on: each service has a client of its own',
      'PORTCULLIS_MAX_SESSION is not passed on: docs/operations.md has no such setting',
      'PORTCULLIS_PREFIX_FILE is not passed on: give PORTCULLIS_PREFIX itself',
    ]);
  });
});
