/**
 * A source map without what leads into dependencies, or to what is no file: nine tenths of it, which would be read with
 * the first error. Frames of dependencies in a stack trace name the program itself.
 */
import { decode, encode } from '@jridgewell/sourcemap-codec';

/**
 * @param {string} text a source map (ECMA-426)
 * @returns {string} one that has our sources alone
 */
export function mapOfSources(text) {
  /** @type {{ sources: string[], mappings: string }} */
  const { sources, mappings } = JSON.parse(text);
  /** @type {Map<number, number>} */
  const kept = new Map();
  for (const [index, source] of sources.entries()) {
    if (!/node_modules\/|^\w+:/.test(source)) kept.set(index, kept.size);
  }
  const lines = decode(mappings).map((segments) => segments.flatMap(ownSegments(kept)));
  return JSON.stringify({
    version: 3,
    sources: [...kept.keys()].map((index) => sources[index]),
    names: [],
    mappings: encode(lines),
  });
}

/** @param {ReadonlyMap<number, number>} kept from an index among all sources to one among those that are kept */
function ownSegments(kept) {
  let inOurs = true;
  /**
   * @param {import('@jridgewell/sourcemap-codec').SourceMapSegment} segment
   * @returns {import('@jridgewell/sourcemap-codec').SourceMapSegment[]}
   */
  return (segment) => {
    const own = segment[1] === undefined ? undefined : kept.get(segment[1]);
    const begins = inOurs;
    inOurs = own !== undefined;
    if (own !== undefined) return [[segment[0], own, segment[2] ?? 0, segment[3] ?? 0]];
    // One without a source ends the one before it.
    return begins ? [[segment[0]]] : [];
  };
}
