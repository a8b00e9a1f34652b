/** The first administrator. */
import { emailAddress } from '@portcullis/contracts/schemas';
import { ConfigurationError, secret } from '@portcullis/service';

export interface Administrator {
  email: string;
  password: string;
}

export function administratorFields(production: boolean) {
  return {
    PORTCULLIS_ADMIN_EMAIL: emailAddress.optional(),
    PORTCULLIS_ADMIN_PASSWORD: secret({ production, minLength: 15 }).optional(),
  };
}

export function administratorOf(fields: {
  PORTCULLIS_ADMIN_EMAIL?: string | undefined;
  PORTCULLIS_ADMIN_PASSWORD?: string | undefined;
}): Administrator | null {
  const { PORTCULLIS_ADMIN_EMAIL: email, PORTCULLIS_ADMIN_PASSWORD: password } = fields;
  if (email === undefined && password === undefined) return null;
  if (email === undefined) throw new ConfigurationError(['PORTCULLIS_ADMIN_EMAIL: is missing']);
  if (password === undefined) {
    throw new ConfigurationError(['PORTCULLIS_ADMIN_PASSWORD: is missing']);
  }
  return { email, password };
}
