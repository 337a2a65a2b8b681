import type { AdmittedTransaction, StateReader } from '#evm';
import { sha256, toHex, utf8 } from '#ledger';
import { DEFAULT_POOL_LIMITS, Pool } from './pool.js';
import { PoolError } from './pool-error.js';

const account = (name: string): Uint8Array => sha256(utf8(name)).subarray(0, 20);

function transaction(sender: string, nonce: number, options: { fee?: bigint; value?: bigint; bytes?: number } = {}): AdmittedTransaction {
  const { fee = 0n, value = 0n, bytes = 100 } = options;
  const hash = sha256(utf8(`${sender} ${nonce} ${fee} ${value}`));
  return {
    hash, key: toHex(hash), senderKey: toHex(account(sender)), raw: new Uint8Array(bytes), type: 2, sender: account(sender), nonce: BigInt(nonce), gasLimit: 21_000n,
    to: account('to'), value, data: new Uint8Array(), accessList: [], maxFeePerGas: fee, maxPriorityFeePerGas: fee, intrinsicGas: 21_000n, floorGas: 21_000n,
    signature: { v: 0n, yParity: 0, r: 1n, s: 1n },
  };
}

/** A state in which the named accounts have these nonces, and everybody 10 wei. */
function stateWith(nonces: Record<string, number> = {}): StateReader {
  const byAddress = new Map(Object.entries(nonces).map(([name, nonce]) => [Buffer.from(account(name)).toString('hex'), BigInt(nonce)]));
  return {
    height: 0n,
    account: (address) => ({ nonce: byAddress.get(Buffer.from(address).toString('hex')) ?? 0n, balance: 10n, codeHash: new Uint8Array(32) }),
    code: () => new Uint8Array(), storage: () => new Uint8Array(32), root: () => new Uint8Array(32),
  };
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof PoolError) return error.code;
    throw error;
  }
  return 'accepted';
}

const candidates = (pool: Pool): string[] => [...pool.candidates()].map((tx) => `${['a', 'b', 'c'].find((name) => Buffer.from(account(name)).equals(tx.sender)) ?? '?'}${tx.nonce}`);

describe('pool', () => {
  it('takes senders in turn, each by nonce, the first comer first', () => {
    const pool = new Pool();
    for (const [sender, nonce] of [['b', 1], ['b', 0], ['a', 0], ['b', 2], ['c', 0], ['a', 1]] as const) pool.add(transaction(sender, nonce), stateWith(), 0);
    expect(candidates(pool)).toEqual(['b0', 'a0', 'c0', 'b1', 'a1', 'b2']);
  });

  it('gives members even shares of gas, however many accounts each has, and what one leaves to the others', () => {
    const member = new Map([['a', 1], ['b', 1], ['c', 2]].map(([name, id]) => [toHex(account(String(name))), Number(id)]));
    const pool = new Pool(DEFAULT_POOL_LIMITS, ({ senderKey }) => member.get(senderKey) ?? null);
    for (const [sender, nonce] of [['a', 0], ['a', 1], ['b', 0], ['b', 1], ['c', 0], ['c', 1]] as const) pool.add(transaction(sender, nonce), stateWith(), 0);
    expect(candidates(pool)).toEqual(['a0', 'c0', 'b0', 'c1', 'a1', 'b1']);
    // A transaction that asks for twice the gas counts twice.
    const heavy = new Pool(DEFAULT_POOL_LIMITS, ({ senderKey }) => member.get(senderKey) ?? null);
    heavy.add({ ...transaction('c', 0), gasLimit: 42_000n }, stateWith(), 0);
    for (const [sender, nonce] of [['a', 0], ['a', 1], ['c', 1]] as const) heavy.add(transaction(sender, nonce), stateWith(), 0);
    expect(candidates(heavy)).toEqual(['c0', 'a0', 'a1', 'c1']);
    // Accounts that are nobody's share like one member.
    const open = new Pool(DEFAULT_POOL_LIMITS, ({ senderKey }) => (senderKey === toHex(account('c')) ? 2 : null));
    for (const [sender, nonce] of [['a', 0], ['a', 1], ['b', 0], ['c', 0], ['c', 1]] as const) open.add(transaction(sender, nonce), stateWith(), 0);
    expect(candidates(open)).toEqual(['a0', 'c0', 'b0', 'c1', 'a1']);
  });

  it('holds back what stands behind a gap until the gap is filled', () => {
    const pool = new Pool();
    pool.add(transaction('a', 1), stateWith(), 0);
    pool.add(transaction('a', 2), stateWith(), 0);
    expect(pool.hasReady).toBe(false);
    expect(pool.pendingNonce(account('a'), stateWith())).toBe(0n);
    pool.add(transaction('a', 0), stateWith(), 0);
    expect(candidates(pool)).toEqual(['a0', 'a1', 'a2']);
    expect(pool.pendingNonce(account('a'), stateWith())).toBe(3n);
  });

  it('knows what it holds', () => {
    const pool = new Pool();
    expect(pool.add(transaction('a', 0), stateWith(), 0)).toBe('added');
    expect(pool.add(transaction('a', 0), stateWith(), 0)).toBe('known');
    expect(pool.size).toBe(1);
  });

  it('refuses used nonces, values that the account does not hold, and nonces far ahead', () => {
    const pool = new Pool();
    expect(refusal(() => pool.add(transaction('a', 2), stateWith({ a: 3 }), 0))).toBe('nonceTooLow');
    expect(refusal(() => pool.add(transaction('a', 3, { value: 11n }), stateWith({ a: 3 }), 0))).toBe('insufficientFunds');
    expect(refusal(() => pool.add(transaction('a', 3 + 128), stateWith({ a: 3 }), 0))).toBe('nonceTooHigh');
    expect(refusal(() => pool.add(transaction('a', 3 + 127), stateWith({ a: 3 }), 0))).toBe('accepted');
  });

  it('holds 64 ready and 64 gapped of one account', () => {
    const pool = new Pool();
    for (let nonce = 0; nonce < 64; nonce++) pool.add(transaction('a', nonce), stateWith(), 0);
    expect(refusal(() => pool.add(transaction('a', 64), stateWith(), 0))).toBe('accountQueueFull');
    for (let nonce = 65; nonce < 129; nonce++) pool.add(transaction('a', nonce), stateWith(), 0);
    expect(refusal(() => pool.add(transaction('a', 129), stateWith(), 0))).toBe('accountQueueFull');
    expect(refusal(() => pool.add(transaction('b', 0), stateWith(), 0))).toBe('accepted');
  });

  it('gives what a peer has taken in four times the room, so that a node a block behind drops nothing', () => {
    const pool = new Pool();
    const state = stateWith();
    for (let nonce = 0; nonce < 64; nonce++) pool.add(transaction('a', nonce), state, 0);
    expect(refusal(() => pool.add(transaction('a', 64), state, 0))).toBe('accountQueueFull');
    for (let nonce = 64; nonce < 256; nonce++) expect(pool.add(transaction('a', nonce), state, 0, 'peer')).toBe('added');
    expect(refusal(() => pool.add(transaction('a', 256), state, 0, 'peer'))).toBe('accountQueueFull');
    expect(candidates(pool)).toHaveLength(256);
  });

  it('is bounded in transactions and bytes', () => {
    const few = new Pool({ ...DEFAULT_POOL_LIMITS, transactions: 1 });
    few.add(transaction('a', 0), stateWith(), 0);
    expect(refusal(() => few.add(transaction('b', 0), stateWith(), 0))).toBe('poolFull');
    const small = new Pool({ ...DEFAULT_POOL_LIMITS, bytes: 150 });
    small.add(transaction('a', 0), stateWith(), 0);
    expect(refusal(() => small.add(transaction('b', 0), stateWith(), 0))).toBe('poolFull');
    small.drop(transaction('a', 0).hash);
    expect(small.sizeBytes).toBe(0);
    expect(refusal(() => small.add(transaction('b', 0), stateWith(), 0))).toBe('accepted');
  });

  it.each([
    { describe: 'equal fee of nothing', before: 0n, offered: 0n, expected: 'accepted' /* the same transaction */ },
    { describe: '9 % more', before: 100n, offered: 109n, expected: 'replacementUnderpriced' },
    { describe: '10 % more', before: 100n, offered: 110n, expected: 'accepted' },
    { describe: 'one wei over nothing', before: 0n, offered: 1n, expected: 'accepted' },
    { describe: 'less', before: 100n, offered: 99n, expected: 'replacementUnderpriced' },
  ])('replaces a nonce for a fee 10 % higher: $describe', ({ before, offered, expected }) => {
    const pool = new Pool();
    pool.add(transaction('a', 0, { fee: before }), stateWith(), 0);
    expect(refusal(() => pool.add(transaction('a', 0, { fee: offered }), stateWith(), 1000))).toBe(expected);
    expect(pool.size).toBe(1);
    if (expected === 'accepted') expect([...pool.candidates()][0]?.maxFeePerGas).toBe(offered);
  });

  it('replaces a nonce once a second', () => {
    const pool = new Pool();
    pool.add(transaction('a', 0, { fee: 1n }), stateWith(), 0);
    expect(refusal(() => pool.add(transaction('a', 0, { fee: 2n }), stateWith(), 999))).toBe('replacementTooSoon');
    expect(refusal(() => pool.add(transaction('a', 0, { fee: 2n }), stateWith(), 1000))).toBe('accepted');
    expect(refusal(() => pool.add(transaction('a', 0, { fee: 4n }), stateWith(), 1999))).toBe('replacementTooSoon');
  });

  it('lets go what a block has used up, and what follows becomes ready', () => {
    const pool = new Pool();
    for (const nonce of [0, 1, 3]) pool.add(transaction('a', nonce), stateWith(), 0);
    expect(pool.advance([transaction('a', 1), transaction('a', 2), transaction('c', 7)])).toBe(2);
    expect(candidates(pool)).toEqual(['a3']);
    pool.advance([transaction('a', 3)]);
    expect(pool).toMatchObject({ size: 0, sizeBytes: 0, hasReady: false });
  });

  it('keeps what follows a dropped transaction behind the gap', () => {
    const pool = new Pool();
    for (const nonce of [0, 1, 2]) pool.add(transaction('a', nonce), stateWith(), 0);
    pool.drop(transaction('a', 1).hash);
    expect(candidates(pool)).toEqual(['a0']);
    expect(pool.size).toBe(2);
  });

  it('forgets what has waited too long, sooner behind a gap', () => {
    const pool = new Pool();
    pool.add(transaction('a', 0), stateWith(), 0);
    pool.add(transaction('a', 2), stateWith(), 0);
    expect(pool.expire(600_001)).toBe(1);
    expect(candidates(pool)).toEqual(['a0']);
    expect(pool.expire(3_600_001)).toBe(1);
    expect(pool.size).toBe(0);
  });

  describe('leaves room for others', () => {
    const limits = { ...DEFAULT_POOL_LIMITS, transactions: 400, bytes: 40_000 };
    const memberOf = ({ senderKey }: AdmittedTransaction): number | null => members.get(senderKey) ?? null;
    const members = new Map(Array.from({ length: 300 }, (_, i) => [toHex(account(`one ${i}`)), 1]));
    const fill = (pool: Pool, who: string, nonce: number, bytes = 10, from: 'client' | 'peer' = 'client'): number => {
      let taken = 0;
      for (let i = 0; i < 1000; i++) {
        const before = pool.size;
        expect(['accepted', 'poolFull']).toContain(refusal(() => pool.add(transaction(`${who} ${i % 300}`, nonce + Math.floor(i / 300), { bytes }), stateWith(), 0, from)));
        taken += pool.size - before;
      }
      return taken;
    };

    it('whatever one member sends, by number and by bytes, and whatever of it peers have taken in', () => {
      const pool = new Pool(limits, memberOf);
      expect(fill(pool, 'one', 0)).toBe(300);
      expect(fill(pool, 'one', 0, 10, 'peer')).toBe(43);
      expect(fill(pool, 'nobody', 0)).toBe(43);
      expect(refusal(() => pool.add(transaction('one 299', 3), stateWith(), 0))).toBe('poolFull');
      const large = new Pool(limits, memberOf);
      expect(fill(large, 'one', 0, 1000)).toBe(30);
      expect(fill(large, 'nobody', 0, 1000)).toBe(7);
    });

    it('so that what no block can take keeps out nothing that one could', () => {
      const pool = new Pool(limits, memberOf);
      const gapped = fill(pool, 'stranger', 1);
      expect(gapped).toBe(134);
      expect(fill(pool, 'nobody', 0)).toBe(300 - gapped);
    });

    it('also by replacing small transactions with large ones', () => {
      const pool = new Pool(limits, memberOf);
      expect(fill(pool, 'one', 0)).toBe(300);
      const grown = (i: number): string => refusal(() => pool.add(transaction(`one ${i}`, 0, { fee: 1n, bytes: 10_000 }), stateWith(), 2000));
      expect([grown(0), grown(1), grown(2), grown(3)]).toEqual(['accepted', 'accepted', 'poolFull', 'poolFull']);
      expect(pool.sizeBytes).toBeLessThanOrEqual(limits.bytes);
      expect(refusal(() => pool.add(transaction('one 3', 0, { fee: 1n, bytes: 10 }), stateWith(), 2000))).toBe('accepted');
    });

    it('and forgets what has gone', () => {
      const pool = new Pool(limits, memberOf);
      const [taken, gapped] = [fill(pool, 'one', 0), fill(pool, 'nobody', 1)];
      expect([taken, gapped]).toEqual([300, 34]);
      for (let i = 0; i < 300; i += 2) pool.drop(transaction(`one ${i}`, 0, {}).hash);
      pool.advance(Array.from({ length: 150 }, (_, i) => transaction(`one ${2 * i + 1}`, 0)));
      pool.expire(600_001);
      expect([pool.size, pool.sizeBytes, pool.hasReady]).toEqual([0, 0, false]);
      expect([fill(pool, 'one', 1), fill(new Pool(limits, memberOf), 'one', 1)]).toEqual([134, 134]);
    });
  });
});
