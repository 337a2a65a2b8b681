import type { AttemptLimit } from './attempt-throttle.js';

/** Who has an IPv6 address has 2^64 of them: they count as one. `::ffff:1.2.3.4` is IPv4. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...zeros, ...right].slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '').toLowerCase()).join(':');
}

/** Few guesses at one account from one place; more in all, so that a stranger cannot lock a person out easily. */
export function loginLimits(account: string, address: string): AttemptLimit[] {
  const place = addressGroup(address);
  return [
    { key: `pair ${account} ${place}`, max: 8 },
    { key: `account ${account}`, max: 60 },
    { key: `address ${place}`, max: 40 },
  ];
}

/** Registering costs us a password hash and rows. */
export function registrationLimits(address: string): AttemptLimit[] {
  return [{ key: `registration ${addressGroup(address)}`, max: 200 }];
}
