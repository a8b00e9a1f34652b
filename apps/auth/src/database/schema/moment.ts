import { timestamp } from 'drizzle-orm/pg-core';

/** A column of moments: with a time zone, read as a Date. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
