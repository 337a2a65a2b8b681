/** Arithmetic on IPv4 subnets: a site's pool is cut into one egress network for relays and a small network per chain. */

/** 29 nodes and a relay. */
export const CHAIN_PREFIX = 27;

export interface Subnet {
  /** First address as a number. */
  base: number;
  prefix: number;
}

export function parseSubnet(cidr: string): Subnet {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = (match ?? []).slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) throw new TypeError(`${JSON.stringify(cidr)} is no IPv4 subnet like 10.213.0.0/16.`);
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const base = prefix === 0 ? 0 : (address & (0xffffffff << (32 - prefix))) >>> 0;
  if (base !== address) throw new TypeError(`${cidr} has bits beyond its prefix.`);
  return { base, prefix };
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join('.')}/${prefix}`;
}

const size = (subnet: Subnet): number => 2 ** (32 - subnet.prefix);

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + size(b) && b.base < a.base + size(a);
}

/** The last sixteenth of the pool: for the one network that relays leave by. @throws TypeError when the pool is below /23. */
export function egressSubnet(pool: string): string {
  const whole = parseSubnet(pool);
  if (whole.prefix > 23) throw new TypeError(`The subnet pool ${pool} is too small: use /23 or larger.`);
  const part = { base: 0, prefix: whole.prefix + 4 };
  part.base = whole.base + size(whole) - size(part);
  return formatSubnet(part);
}

/** The first subnet of the pool that overlaps none of `taken` and not the egress part; undefined when the pool is used up. */
export function pickSubnet(pool: string, taken: readonly string[], prefix = CHAIN_PREFIX): string | undefined {
  const whole = parseSubnet(pool);
  const blocked = [...taken, egressSubnet(pool)].map(parseSubnet);
  const step = 2 ** (32 - prefix);
  for (let base = whole.base; base + step <= whole.base + size(whole); base += step) {
    const candidate = { base, prefix };
    if (!blocked.some((other) => overlaps(candidate, other))) return formatSubnet(candidate);
  }
  return undefined;
}
