/** What a file names in its imports and exports, those of types too by default. */
import { dirname, join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/**
 * @param path of the file, from the root of the repository
 * @returns the paths of the files of this repository that it names, whether they exist or not
 */
export function importsOf(path: string, text: string): string[] {
  const named = modulesOf(path, text, 'types too').filter((name) => name.startsWith('.'));
  return named.map((name) => join(dirname(path), name));
}

/** @returns the modules that it names, as it names them */
export function modulesOf(
  path: string,
  text: string,
  which: 'types too' | 'loaded alone',
): string[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const named: string[] = [];
  const note = (source: { value: unknown } | null, kind: 'value' | 'type' = 'value'): void => {
    if (kind === 'type' && which === 'loaded alone') return;
    if (typeof source?.value === 'string') named.push(source.value);
  };
  new Visitor({
    ImportDeclaration: ({ source, importKind }) => note(source, importKind),
    ExportNamedDeclaration: ({ source, exportKind }) => note(source, exportKind),
    ExportAllDeclaration: ({ source, exportKind }) => note(source, exportKind),
    ImportExpression: ({ source }) => note(source.type === 'Literal' ? source : null),
    TSImportType: ({ source }) => note(source, 'type'),
  }).visit(program);
  return named;
}
