import { useUser } from '@portcullis/react';
import { useQuery } from '@tanstack/react-query';

interface OrdersProps {
  fetch: typeof globalThis.fetch;
  logOut: () => Promise<unknown>;
}

export function Orders({ fetch, logOut }: OrdersProps) {
  const { user } = useUser(); // asked for once, for all components
  const orders = useQuery({
    queryKey: ['orders'],
    queryFn: async (): Promise<string[]> => {
      const answer = await fetch('/api/orders'); // with a renewed token where it has to be
      if (!answer.ok) throw new Error(`the orders were answered with ${answer.status}`);
      return await answer.json();
    },
  });
  return (
    <>
      <h1>Orders of {user?.name ?? '…'}</h1>
      <ul>
        {orders.data?.map((order) => (
          <li key={order}>{order}</li>
        ))}
      </ul>
      <button type="button" onClick={() => void logOut()}>
        Log out
      </button>
    </>
  );
}
