/**
 * The plain-HTTP form of a procedure, declared beside it: the same schemas and the same code serve
 * tRPC and REST, so that neither can drift from the other.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path parameters in braces, named as in the input: `/v1/users/{user_id}`. */
  path: `/${string}`;
  summary: string;
  tag: string;
  /** Status of success; 200 unless given. */
  status?: 200 | 201;
  /** Input members that come from the query although the method has a body, such as `wait`. */
  query?: readonly string[];
  /**
   * Also accepts `application/x-www-form-urlencoded`, as the password form of OAuth 2 (RFC 6749 section
   * 4.3.2), with these members renamed.
   */
  form?: Readonly<Record<string, string>>;
  /** Whether a bearer token is needed; for the document. */
  public?: true;
}

export interface ProcedureMeta {
  route?: Route;
}
