/** CRC-32 (ISO 3309, the one of zlib, gzip and PNG): finds damage, not deceit. */

const POLYNOMIAL = 0xedb88320;

/** `TABLES[k][b]`: what byte b contributes when k more bytes follow it. */
const TABLES: readonly Int32Array[] = makeTables(4);

/** @returns the checksum of `bytes` from `start` to before `end`, as an unsigned number */
export function crc32(bytes: DataView, start: number, end: number): number {
  const [t0, t1, t2, t3] = TABLES;
  if (t0 === undefined || t1 === undefined || t2 === undefined || t3 === undefined) return 0;
  let crc = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    crc ^= bytes.getInt32(at, true);
    crc =
      (t3[crc & 255] ?? 0) ^
      (t2[(crc >>> 8) & 255] ?? 0) ^
      (t1[(crc >>> 16) & 255] ?? 0) ^
      (t0[crc >>> 24] ?? 0);
  }
  for (; at < end; at += 1) {
    crc = (crc >>> 8) ^ (t0[(crc ^ bytes.getUint8(at)) & 255] ?? 0);
  }
  return ~crc >>> 0;
}

function makeTables(count: number): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    return crc;
  });
  const tables = [first];
  for (let previous = first; tables.length < count;) {
    previous = previous.map((crc) => (crc >>> 8) ^ (first[crc & 255] ?? 0));
    tables.push(previous);
  }
  return tables;
}
