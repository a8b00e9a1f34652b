/** Which files a file names: its imports and exports, those of types too. */
import { dirname, join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/**
 * @param path of the file, from the root of the repository
 * @returns the paths of the files of this repository that it names, whether they exist or not
 */
export function importsOf(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const named: string[] = [];
  const note = (source: { value: unknown } | null): void => {
    if (typeof source?.value === 'string') named.push(source.value);
  };
  new Visitor({
    ImportDeclaration: ({ source }) => note(source),
    ExportNamedDeclaration: ({ source }) => note(source),
    ExportAllDeclaration: ({ source }) => note(source),
    ImportExpression: ({ source }) => note(source.type === 'Literal' ? source : null),
    TSImportType: ({ source }) => note(source),
  }).visit(program);
  return named.filter((name) => name.startsWith('.')).map((name) => join(dirname(path), name));
}
