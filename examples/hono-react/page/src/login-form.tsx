import { isPortcullisError, type Credentials } from '@portcullis/client';
import { useState } from 'react';

interface LoginFormProps {
  logIn: (credentials: Credentials) => Promise<unknown>;
}

export function LoginForm({ logIn }: LoginFormProps) {
  const [problem, setProblem] = useState('');
  const submit = async (data: FormData): Promise<void> => {
    const given = (name: string): string => {
      const value = data.get(name);
      return typeof value === 'string' ? value : '';
    };
    try {
      await logIn({ email: given('email'), password: given('password') });
    } catch (error) {
      const isWrong = isPortcullisError(error, 'invalid_credentials');
      setProblem(isWrong ? 'That is not right.' : 'It did not work. Please try again.');
    }
  };
  return (
    <form action={submit}>
      <input name="email" type="email" placeholder="E-mail address" required />
      <input name="password" type="password" placeholder="Password" required />
      <button type="submit">Log in</button>
      <p>{problem}</p>
    </form>
  );
}
