/** What is asked with an address that is known, and with one that is not. */
export interface Operation {
  name: string;
  path: string;
  body(email: string): object;
  status: number;
}

export const PASSWORD = 'seven herons under a tin roof';

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'login',
    path: '/v1/login',
    body: (email) => ({ email, password: 'not the password of anybody' }),
    status: 401,
  },
  {
    name: 'register',
    path: '/v1/register',
    body: (email) => ({ email, password: PASSWORD }),
    status: 201,
  },
  { name: 'forgot', path: '/v1/password/forgot', body: (email) => ({ email }), status: 200 },
  { name: 'resend', path: '/v1/email/resend', body: (email) => ({ email }), status: 200 },
];
