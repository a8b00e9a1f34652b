/** Where this server answers, as its metadata names it: from configuration, never from a request. */
export interface Endpoints {
  issuer: string;
  authorization: string;
  token: string;
  revocation: string;
  introspection: string;
  jwks: string;
  documentation: string;
}

export function endpointsOf(issuer: string): Endpoints {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    authorization: `${base}/oauth2/authorize`,
    token: `${base}/oauth2/token`,
    revocation: `${base}/oauth2/revoke`,
    introspection: `${base}/oauth2/introspect`,
    jwks: `${base}/.well-known/jwks.json`,
    documentation: `${base}/docs`,
  };
}
