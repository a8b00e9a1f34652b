import * as z from 'zod';

/** A filter that may be left out, or be sent empty as a search box sends it: then nothing is filtered. */
export function filter<S extends z.ZodType>(schema: S) {
  const unlessEmpty = (given: z.input<S> | '') => (given === '' ? undefined : given);
  return z.preprocess(unlessEmpty, schema.optional()).optional();
}
