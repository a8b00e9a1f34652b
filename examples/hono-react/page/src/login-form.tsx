import { isPortcullisError, type Credentials } from '@portcullis/client';
import { useState } from 'react';

interface Account extends Credentials {
  name: string;
}

interface LoginFormProps {
  logIn: (credentials: Credentials) => Promise<unknown>;
  register: (account: Account) => Promise<unknown>;
}

export function LoginForm({ logIn, register }: LoginFormProps) {
  const [problem, setProblem] = useState('');
  const submit = async (data: FormData): Promise<void> => {
    const given = (field: string): string => {
      const value = data.get(field);
      return typeof value === 'string' ? value : '';
    };
    const credentials = { email: given('email'), password: given('password') };
    const name = given('name');
    try {
      if (name !== '') await register({ ...credentials, name }); // accepted, also where she is known
      await logIn(credentials);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form action={submit}>
      <input name="email" type="email" placeholder="E-mail address" required />
      <input name="password" type="password" placeholder="Password" required />
      <input name="name" placeholder="Name, for a new account" />
      <button type="submit">Log in</button>
      <p>{problem}</p>
    </form>
  );
}

function problemOf(error: unknown): string {
  if (isPortcullisError(error, 'invalid_credentials')) return 'That is not right.';
  // Each has a `path`, such as `password`, and a `message` for the user.
  if (isPortcullisError(error, 'invalid_request')) {
    return error.issues.map(({ message }) => message).join(' ');
  }
  return 'It did not work. Please try again.';
}
