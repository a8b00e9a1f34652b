/** What the pages say, in the language that a browser likes best. */
import type { Refusal } from '@portcullis/contracts';
import { ENGLISH, ENGLISH_METHODS, ENGLISH_REFUSALS, type TextKey } from './texts-english.ts';
import { GERMAN } from './texts-german.ts';

export interface Language {
  code: 'en' | 'de';
  texts: Readonly<Record<TextKey, string>>;
  methods: Readonly<Record<string, string>>;
  /** A refusal in words for users, with what is wrong with the input. */
  said(refusal: Refusal): string;
}

const english: Language = {
  code: 'en',
  texts: ENGLISH,
  methods: ENGLISH_METHODS,
  said: ({ code, message, issues = [] }) =>
    issues.length === 0
      ? (ENGLISH_REFUSALS[code] ?? message)
      : issues.map((issue) => issue.message).join(' '),
};

const german: Language = {
  code: 'de',
  texts: GERMAN.texts,
  methods: GERMAN.methods,
  said: ({ code, issues = [] }) => {
    const said = GERMAN.refusals[code] ?? GERMAN.other;
    if (issues.length === 0) return said;
    return issues.map(({ message }) => translated(message) ?? said).join(' ');
  },
};

function translated(message: string): string | undefined {
  return GERMAN.issues.find(([begins]) => message.startsWith(begins))?.[1];
}

const LANGUAGES: Readonly<Record<string, Language>> = { en: english, de: german };

/**
 * The language that a browser likes best of those that there are (RFC 9110 section 12.5.4).
 *
 * @param accepted the value of `Accept-Language`
 */
export function languageOf(accepted: string | undefined): Language {
  const wanted = (accepted ?? '').slice(0, 256).split(',').flatMap(weighed);
  const [best] = wanted.toSorted((one, other) => other.weight - one.weight);
  return best?.language ?? english;
}

function weighed(range: string): { language: Language; weight: number }[] {
  const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
  const primary = tag.trim().split('-', 1)[0] ?? '';
  const language = Object.hasOwn(LANGUAGES, primary) ? LANGUAGES[primary] : undefined;
  const q = parameters.map((one) => /^\s*q=(\d(?:\.\d{1,3})?)\s*$/.exec(one)?.[1]);
  const weight = Number(q.find((one) => one !== undefined) ?? 1);
  return language === undefined || weight === 0 ? [] : [{ language, weight }];
}
