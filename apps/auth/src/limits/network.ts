/**
 * The network that an address stands for. A host with one IPv6 address has all of its /64; counting
 * single addresses there would count nothing (RFC 4291 section 2.5.4, RFC 6177).
 */
import { isIPv4, isIPv6 } from 'node:net';

export function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const plain = address.split('%', 1)[0] ?? '';
  if (!isIPv6(plain)) return 'unknown';
  const groups = expand(plain);
  // IPv4-mapped, as a dual-stack socket shows it (RFC 4291 section 2.5.5.2).
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of a valid address. */
function expand(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high = '0', low = '0') => ((Number(high) << 8) | Number(low)).toString(16);
  const whole =
    dotted === null
      ? address
      : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head = '', tail] = whole.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(gap).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
}
