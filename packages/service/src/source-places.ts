/**
 * Places in sources for those in what was built of them, which has a map beside it. Done for an error that is logged,
 * and not by Node (`--enable-source-maps`): that reads each map at the start, and makes each stack cost twice as much,
 * also those of refused requests, which tRPC reads and no log shows.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;

/** Of each file that stood in a stack; null for one without a map. There are as many as files were built. */
const maps = new Map<string, SourceMap | null>();

/** @param frames of a stack trace @returns them with paths, lines and columns of sources where a map has them */
export function withSourcePlaces(frames: string): string {
  return frames.replaceAll(PLACE, (place, url: string, line: string, column: string) => {
    // Counted from 0 there.
    const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    // Nothing for code of a dependency, which the map leaves out.
    if (entry === undefined || !('originalSource' in entry)) return place;
    const { originalSource, originalLine, originalColumn } = entry;
    if (typeof originalSource !== 'string') return place;
    const source = new URL(originalSource, url);
    if (source.protocol !== 'file:') return place;
    return `${fileURLToPath(source)}:${originalLine + 1}:${originalColumn + 1}`;
  });
}

function mapOf(url: string): SourceMap | null {
  let map = maps.get(url);
  if (map === undefined) {
    map = readMap(url);
    maps.set(url, map);
  }
  return map;
}

function readMap(url: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')));
  } catch {
    // An image may leave them out; the place in what was built is said then.
    return null;
  }
}
