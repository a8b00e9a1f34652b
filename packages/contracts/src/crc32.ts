import { crc32 as crcOf } from 'node:zlib';

/**
 * CRC-32 (ISO 3309, the one of zlib, gzip and PNG): finds damage, not deceit.
 *
 * @returns the checksum of `bytes` from `start` to before `end`, as an unsigned number
 */
export function crc32(bytes: DataView, start: number, end: number): number {
  return crcOf(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
}
