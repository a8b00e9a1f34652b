'use client';

import { createPortcullisClient } from '@portcullis/client';
import { PortcullisProvider, useSession } from '@portcullis/react';
import type { ReactNode } from 'react';

const portcullis = createPortcullisClient({
  auth: 'https://app.example/auth',
  transport: 'cookie',
});

function Status() {
  return <p id="session">{useSession().status}</p>;
}

export function Session({ children }: { children: ReactNode }) {
  return (
    <PortcullisProvider client={portcullis}>
      <Status />
      {children}
    </PortcullisProvider>
  );
}
