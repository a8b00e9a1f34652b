/** The login of a NATS address, which the client library does not take from it. */
import { connectionOptions } from '../src/index.ts';
import { describe, expect, it } from 'vitest';

describe('connectionOptions', () => {
  it('takes server, user and password from an address', () => {
    const url = 'nats://orders:p%40ss%2Fword@nats.internal:4333';
    expect(connectionOptions({ service: 'orders', url })).toMatchObject({
      servers: 'nats.internal:4333',
      user: 'orders',
      pass: 'p@ss/word',
      inboxPrefix: '_INBOX.portcullis.orders',
    });
  });

  it('takes an address without a login', () => {
    const options = connectionOptions({ service: 'orders', url: 'nats://[::1]:4222' });
    expect(options.servers).toBe('[::1]:4222');
    expect(options).not.toHaveProperty('user');
    expect(options).not.toHaveProperty('pass');
  });

  it('insists on TLS where the address says so', () => {
    const url = 'tls://orders:secret@nats.internal:4222';
    expect(connectionOptions({ service: 'orders', url })).toMatchObject({
      servers: 'nats.internal:4222',
      tls: {},
    });
    const plain = connectionOptions({ service: 'orders', url: 'nats://nats.internal:4222' });
    expect(plain).not.toHaveProperty('tls');
  });

  it('leaves the server to the caller who gives no address', () => {
    expect(connectionOptions({ service: 'orders' })).not.toHaveProperty('servers');
  });

  it.each([undefined, '', 'localhost:4222', 'orders:secret@'])(
    'refuses %j, without repeating it',
    (url) => {
      const attempt = () => connectionOptions({ service: 'orders', url });
      expect(attempt).toThrow(/NATS_URL/);
      expect(attempt).not.toThrow(/secret/);
    },
  );

  it('asks for the file of settings where the address is undefined, and nowhere else', () => {
    const attempt = (url?: string) => () => connectionOptions({ service: 'orders', url });
    expect(attempt()).toThrow(/undefined: was the process started with --env-file=…\?$/);
    expect(attempt('localhost')).not.toThrow(/env-file/);
  });
});
