const decoder = new TextDecoder('utf-8', { fatal: true });

/** @returns undefined for whatever does not parse: bytes from the network are never trusted */
export function parseMessage<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  bytes: Uint8Array,
): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(decoder.decode(bytes)));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
