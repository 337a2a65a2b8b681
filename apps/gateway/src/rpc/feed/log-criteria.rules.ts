import { invalidParams } from '../rpc-error.js';

/** Which logs a subscription or filter wants, in lower case; as `eth_subscribe` takes it (EIP-1474, Geth). */
export interface LogCriteria {
  /** Empty: any. A set, as every log of a busy chain is looked up here for every subscription. */
  addresses: ReadonlySet<string>;
  /** By position; null matches anything. */
  topics: readonly (ReadonlySet<string> | null)[];
}

/** A log as the nodes write it. */
export interface RpcLog {
  address: string;
  topics: string[];
  data?: string;
  blockNumber: string;
  logIndex: string;
}

const MAX_CHOICES = 1_000;
const MAX_TOPICS = 4;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const HASH = /^0x[0-9a-fA-F]{64}$/;

function choices(value: unknown, form: RegExp, where: string): Set<string> {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_CHOICES) throw invalidParams(`invalid ${where}: has ${list.length} items, at most ${MAX_CHOICES} may be`);
  return new Set(list.map((item) => {
    if (typeof item !== 'string' || !form.test(item)) throw invalidParams(`invalid ${where}: must be ${form === ADDRESS ? 20 : 32} bytes as 0x hex`);
    return item.toLowerCase();
  }));
}

function topicOf(value: unknown, where: string): ReadonlySet<string> | null {
  if (value === null || value === undefined) return null;
  // Null among the choices, and a list of none, match anything, as in Geth.
  if (Array.isArray(value) && (value.length === 0 || value.includes(null))) return null;
  return choices(value, HASH, where);
}

/** Reads address and topics; other fields of the object are left alone. @throws RpcError -32602 that names what is wrong. */
export function readCriteria(value: unknown, where: string): LogCriteria {
  if (value === null || value === undefined) return { addresses: new Set(), topics: [] };
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidParams(`invalid ${where}: must be an object`);
  const { address, topics } = value as { address?: unknown; topics?: unknown };
  if (topics !== null && topics !== undefined && !Array.isArray(topics)) throw invalidParams(`invalid ${where}.topics: must be a list`);
  const list: unknown[] = topics ?? [];
  if (list.length > MAX_TOPICS) throw invalidParams(`invalid ${where}.topics: has ${list.length} items, at most ${MAX_TOPICS} may be`);
  return {
    addresses: address === null || address === undefined ? new Set() : choices(address, ADDRESS, `${where}.address`),
    topics: list.map((topic, index) => topicOf(topic, `${where}.topics[${index}]`)),
  };
}

/** Topics are matched by position; a log with fewer topics than the criteria has matches only where there is something in each place. */
export function matches(criteria: LogCriteria, log: RpcLog): boolean {
  if (criteria.addresses.size > 0 && !criteria.addresses.has(log.address.toLowerCase())) return false;
  if (log.topics.length < criteria.topics.length) return false;
  return criteria.topics.every((wanted, index) => wanted === null || wanted.has(log.topics[index] as string));
}

/** One query that covers all of them: the union of the addresses, or none where one wants any or there are too many. */
export function unionOfAddresses(all: readonly LogCriteria[]): string[] {
  if (all.some(({ addresses }) => addresses.size === 0)) return [];
  const union = new Set(all.flatMap(({ addresses }) => [...addresses]));
  return union.size > MAX_CHOICES ? [] : [...union];
}

/** How many addresses and topics it names: what it costs to keep. */
export function valuesOf({ addresses, topics }: LogCriteria): number {
  return topics.reduce((sum, choices) => sum + (choices?.size ?? 0), addresses.size);
}
