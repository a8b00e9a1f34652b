import { profile } from './profile';
import { Session } from './session';

export default async function Page() {
  const answer = await profile();
  const { email } = answer.ok ? await answer.json() : { email: 'nobody' };
  return (
    <Session>
      <p id="user">{`${answer.status} ${email}`}</p>
    </Session>
  );
}
