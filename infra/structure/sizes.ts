/** How long files and functions are. */
import { parseSync, Visitor, type Span } from 'oxc-parser';

export function linesOf(text: string): number {
  return text.trimEnd().split('\n').length;
}

export interface LongFunction {
  /** The name that it is declared under, or the line that it begins at. */
  readonly name: string;
  readonly lines: number;
}

/** @returns the functions of more lines than that, from the first to the last, inner ones included */
export function longFunctionsOf(path: string, text: string, most: number): LongFunction[] {
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  const found: LongFunction[] = [];
  const measure = (span: Span, name: string | undefined): void => {
    const first = lineOf(span.start);
    const lines = lineOf(span.end) - first + 1;
    if (lines > most) found.push({ name: name ?? `line ${first}`, lines });
  };
  new Visitor({
    FunctionDeclaration: (node) => measure(node, node.id?.name),
    FunctionExpression: (node) => measure(node, node.id?.name),
    ArrowFunctionExpression: (node) => measure(node, undefined),
  }).visit(parseSync(path, text).program);
  return found;
}
