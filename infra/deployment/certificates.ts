import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DAYS = '2';
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * An authority, and a certificate of it for this machine, as the folders of the production-like file have them.
 *
 * @param folder where `authority.pem`, and `NAME.pem` and `NAME.key` are written
 */
export function makeCertificates(folder: string, name: string): void {
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  };
  const authority = ['-keyout', 'authority.key', '-out', 'authority.pem', '-subj', '/CN=authority'];
  openssl('req', '-x509', ...KEY, ...authority, '-days', DAYS);
  const of = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`];
  openssl('req', ...KEY, ...of);
  const names =
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n';
  writeFileSync(join(folder, 'names'), names);
  const signing = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'];
  const request = ['-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', 'names'];
  openssl('x509', ...request, ...signing, '-days', DAYS);
}
