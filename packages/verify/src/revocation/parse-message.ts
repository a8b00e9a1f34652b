const decoder = new TextDecoder('utf-8', { fatal: true });

/** @returns undefined for bytes that do not parse: bytes from the network are never trusted */
export function parseMessage<T>(
  read: (value: unknown) => T | undefined,
  bytes: Uint8Array,
): T | undefined {
  try {
    return read(JSON.parse(decoder.decode(bytes)));
  } catch {
    return undefined;
  }
}
