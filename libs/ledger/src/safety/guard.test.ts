import fc from 'fast-check';
import { toHex } from '../encoding/index.js';
import { proposalSignBytes } from '../formats/proposal.js';
import { voteSignBytes } from '../formats/vote.js';
import type { SignedKind, SignRequest } from '../consensus/record.js';
import { SigningGuard } from './guard.js';

const GENESIS = new Uint8Array(32).fill(7);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
const hash = (n: number): Uint8Array | null => (n === 0 ? null : new Uint8Array(32).fill(n));

function request(kind: SignedKind, height: bigint, round: number, block: number, genesis = GENESIS): SignRequest {
  const blockHash = hash(block);
  const signBytes = kind === 'proposal' ? proposalSignBytes(genesis, { height, round, polRound: -1, blockHash: hash(block + 1) as Uint8Array }) : voteSignBytes(genesis, { kind, height, round, blockHash });
  return { height, round, kind, blockHash, signBytes, lockedRound: -1, lockedHash: null, validRound: -1, validHash: null, polka: null, block: null, entryProof: [] };
}

describe('rule 11: what a key may sign', () => {
  const first = request('prevote', 5n, 2, 1);

  it.each([
    ['the same again gives the same signature', first, 'stored'],
    ['another block in the same place', request('prevote', 5n, 2, 2), 'refuse'],
    ['nil in the same place', request('prevote', 5n, 2, 0), 'refuse'],
    ['the other kind of vote', request('precommit', 5n, 2, 2), 'sign'],
    ['a proposal', request('proposal', 5n, 2, 2), 'sign'],
    ['the next round', request('prevote', 5n, 3, 2), 'sign'],
    ['the next height', request('prevote', 6n, 2, 2), 'sign'],
    ['a height that is decided', request('prevote', 4n, 2, 1), 'refuse'],
    ['another chain', request('prevote', 5n, 3, 1, new Uint8Array(32)), 'refuse'],
    ['bytes of another kind', { ...request('precommit', 5n, 3, 1), kind: 'prevote' as const }, 'refuse'],
    ['bytes of another round than is said', { ...request('prevote', 5n, 2, 2), round: 9 }, 'refuse'],
    ['bytes of another height than is said', { ...request('prevote', 4n, 2, 2), height: 7n }, 'refuse'],
    ['bytes that are cut', { ...first, signBytes: first.signBytes.subarray(0, 77) }, 'refuse'],
  ])('%s', (_name, asked, verdict) => {
    const guard = new SigningGuard(GENESIS, [{ ...first, signature: new Uint8Array(64).fill(9) }]);
    guard.letGo(4n);
    const result = guard.judge(asked);
    expect(result.type).toBe(verdict);
    if (result.type === 'stored') expect(result.signature[0]).toBe(9);
  });

  it(`whatever is asked, and however often it starts again: one message in one place (seed ${SEED})`, () => {
    const asked = fc.record({ kind: fc.constantFrom<SignedKind>('proposal', 'prevote', 'precommit'), height: fc.integer({ min: 1, max: 4 }), round: fc.nat(3), block: fc.nat(3) });
    const event = fc.oneof({ weight: 8, arbitrary: asked }, { weight: 1, arbitrary: fc.constant('restart' as const) }, { weight: 1, arbitrary: fc.record({ decided: fc.integer({ min: 1, max: 4 }) }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const released = new Map<string, string>();
        let log: (SignRequest & { signature: Uint8Array })[] = [];
        let head = 0n;
        let guard = new SigningGuard(GENESIS, log);
        for (const one of events) {
          if (one === 'restart') {
            guard = new SigningGuard(GENESIS, log.filter(({ height }) => height === head + 1n));
            guard.letGo(head);
          } else if ('decided' in one) {
            head = BigInt(Math.max(Number(head), one.decided));
            guard.letGo(head);
            log = log.filter(({ height }) => height > head);
          } else {
            // A height is signed only when the one below is decided, as the shell sees to.
            const wanted = request(one.kind, BigInt(one.height), one.round, one.block);
            if (wanted.height > head + 1n) continue;
            if (guard.judge(wanted).type !== 'sign') continue;
            const record = { ...wanted, signature: new Uint8Array(64) };
            guard.remember(record);
            log.push(record);
            const place = toHex(wanted.signBytes.subarray(0, 45));
            expect(released.get(place) ?? toHex(wanted.signBytes)).toBe(toHex(wanted.signBytes));
            released.set(place, toHex(wanted.signBytes));
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
