/** How the pages look on which users sign in. */
import * as z from 'zod';

/** Characters. */
const MAX_LENGTH = 65_536;

export function pageFields() {
  return {
    // Put behind the style sheet: some variables, or more.
    PORTCULLIS_PAGES_STYLE: z.string().max(MAX_LENGTH, 'is too long').optional(),
    PORTCULLIS_PAGES_LOGO: z
      .string()
      .max(MAX_LENGTH, 'is too long')
      .regex(/^\s*(<\?xml[^>]*>\s*)?<svg[\s/>]/, 'is no SVG')
      .optional(),
  };
}
