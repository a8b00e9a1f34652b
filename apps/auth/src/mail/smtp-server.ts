/** The server that an address names: smtp://user:password@host:port, smtps:// for TLS from the start. */

/** As nodemailer's connection takes it. */
export interface SmtpServer {
  host: string;
  port?: number;
  secure: boolean;
  auth?: { user: string; pass: string };
  tls?: { rejectUnauthorized?: boolean; servername?: string };
}

/** @param address that the configuration has let through */
export function smtpServerOf(address: string): SmtpServer {
  const url = new URL(address);
  const { username, password, searchParams: options } = url;
  const servername = options.get('tls.servername');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    secure: url.protocol === 'smtps:',
    ...(url.port !== '' && { port: Number(url.port) }),
    ...((username !== '' || password !== '') && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
    tls: {
      rejectUnauthorized: options.get('tls.rejectUnauthorized') !== 'false',
      ...(servername !== null && { servername }),
    },
  };
}
