/** What is written about the events is what they are. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asyncApiText } from '../generate/asyncapi.ts';
import { DESCRIPTIONS } from '../generate/descriptions.ts';
import { namesIn, subjectOf } from '../src/index.ts';

const docs = (name: string) =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

it('docs/asyncapi.json is what the schemas generate', () => {
  expect(docs('asyncapi.json'), 'run: npm run asyncapi').toBe(asyncApiText());
});

it('the document holds together', () => {
  const document = JSON.parse(asyncApiText());
  const names = [...namesIn('revocations'), ...namesIn('accounts')];
  expect(Object.keys(document.channels)).toEqual(names);
  const resolve = (reference: string) =>
    reference
      .slice(2)
      .split('/')
      .reduce((part: any, name) => part?.[name], document);
  const references = [...asyncApiText().matchAll(/"\$ref": "(#[^"]+)"/g)];
  expect(references.length).toBeGreaterThan(names.length * 3);
  for (const [, reference = ''] of references) {
    expect(resolve(reference), reference).toBeDefined();
  }
  for (const name of names) {
    const { payload } = document.components.messages[name];
    expect(payload.schema.required).toContain('version');
    expect(payload.schema.properties.version).toMatchObject({ const: 1 });
    // What the generator cannot express would be an empty schema.
    for (const member of Object.values<object>(payload.schema.properties)) {
      expect(Object.keys(member)).not.toEqual([]);
    }
  }
});

it('docs/events.md lists every event, with its subject and what it is to CAEP and RISC', () => {
  const page = docs('events.md');
  for (const stream of ['revocations', 'accounts'] as const) {
    for (const name of namesIn(stream)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect(row, name).toContain(subjectOf('portcullis', stream, name));
      const event = DESCRIPTIONS[name].securityEvent?.split('/').at(-1) ?? '–';
      expect(row, name).toContain(event);
    }
  }
});

it('docs/events.md shows the example that is type-checked', () => {
  const example = readFileSync(new URL('../examples/subscriber.ts', import.meta.url), 'utf8');
  expect(docs('events.md')).toContain(example);
});
