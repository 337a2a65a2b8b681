import fc from 'fast-check';
import * as sample from '../../testing/samples.js';
import { seeded } from '../../testing/seed.js';
import { concatBytes, equalBytes, LedgerError, type Bytes } from '../encoding/index.js';
import { decodeBlock, encodeBlock } from './block.js';
import { decodeCertificate, encodeCertificate } from './certificate.js';
import { decodeEvidence, encodeEvidence } from './evidence.js';
import { decodeGenesis, encodeGenesis } from './genesis.js';
import { decodeHeader, encodeHeader } from './header.js';
import { decodeProposal, encodeProposal } from './proposal.js';
import { decodeTxResult, encodeTxResult, type TxResult } from './result.js';
import { decodeValidatorChange, encodeValidatorChange } from './validator-change.js';
import { decodeVote, encodeVote, type Vote } from './vote.js';

interface Format {
  name: string;
  bytes: Bytes;
  recode(bytes: Bytes): Bytes;
  value: unknown;
  decode(bytes: Bytes): unknown;
}

function format<T>(name: string, value: T, encode: (value: T) => Bytes, decode: (bytes: Bytes) => T): Format {
  return { name, bytes: encode(value), recode: (bytes) => encode(decode(bytes)), value, decode };
}

const FORMATS: Format[] = [
  format('genesis', sample.GENESIS, encodeGenesis, decodeGenesis),
  format('header', sample.BLOCK_2.header, encodeHeader, decodeHeader),
  format('certificate', sample.COMMIT_2, encodeCertificate, decodeCertificate),
  format('vote', sample.VOTE, encodeVote, decodeVote),
  format('nil vote', sample.NIL_VOTE, encodeVote, decodeVote),
  format('proposal', sample.PROPOSAL, encodeProposal, decodeProposal),
  format('evidence', sample.EVIDENCE, encodeEvidence, decodeEvidence),
  format('empty block', sample.BLOCK_1, encodeBlock, decodeBlock),
  format('block', sample.BLOCK_2, encodeBlock, decodeBlock),
  format('validator change', sample.CHANGE_1, encodeValidatorChange, decodeValidatorChange),
  ...sample.RESULTS.map((result, i) => format(`result ${i}`, result, encodeTxResult, decodeTxResult)),
];

/** 'refused' with a coded error, or the bytes that encoding the decoded value gives. */
function outcome(item: Format, bytes: Bytes): Bytes | 'refused' {
  try {
    return item.recode(bytes);
  } catch (error) {
    if (error instanceof LedgerError) return 'refused';
    throw error;
  }
}

describe.each(FORMATS)('$name', (item) => {
  it('comes back equal, and equal again', () => {
    expect(item.decode(item.bytes)).toEqual(item.value);
    expect(equalBytes(item.recode(item.bytes), item.bytes)).toBe(true);
  });

  it('is refused when cut at any byte', () => {
    for (let length = 0; length < item.bytes.length; length++) expect(outcome(item, item.bytes.subarray(0, length))).toBe('refused');
  });

  it('is refused with bytes after the end', () => {
    for (const tail of [[0], [1], [0, 0, 0, 0]]) expect(outcome(item, concatBytes(item.bytes, Uint8Array.from(tail)))).toBe('refused');
  });

  it('is refused in every other version', () => {
    for (let version = 0; version < 256; version++) {
      const changed = item.bytes.slice();
      changed[0] = version;
      if (version !== item.bytes[0]) expect(outcome(item, changed)).toBe('refused');
    }
  });

  it('has one encoding only: whatever a changed byte decodes to encodes to the changed bytes', () => {
    for (let at = 0; at < item.bytes.length; at++) {
      for (const bits of [0x01, 0x80, 0xff]) {
        const changed = item.bytes.slice();
        changed[at] = (changed[at] as number) ^ bits;
        const result = outcome(item, changed);
        if (result !== 'refused' && !equalBytes(result, changed)) throw new Error(`byte ${at} of ${item.name} has two forms`);
      }
    }
  });

  it('has one encoding only, also for random bytes put in, taken out, or exchanged', () => {
    fc.assert(
      fc.property(fc.nat(item.bytes.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }), (at, remove, insert) => {
        const changed = concatBytes(item.bytes.subarray(0, at), insert, item.bytes.subarray(at + remove));
        const result = outcome(item, changed);
        return result === 'refused' || equalBytes(result, changed);
      }),
      seeded(100),
    );
  });
});

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const address = fc.uint8Array({ minLength: 20, maxLength: 20 });

it('every vote comes back', () => {
  const vote: fc.Arbitrary<Vote> = fc.record({
    kind: fc.constantFrom('prevote' as const, 'precommit' as const),
    height: fc.bigInt(0n, 2n ** 64n - 1n),
    round: fc.nat(0xffff_ffff),
    blockHash: fc.option(hash),
    validator: fc.nat(0xffff_ffff),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  });
  fc.assert(fc.property(vote, (value) => expect(decodeVote(encodeVote(value))).toEqual(value)), seeded(200));
});

it('every result comes back', () => {
  const log = fc.record({ address, topics: fc.array(hash, { maxLength: 4 }), data: fc.uint8Array({ maxLength: 100 }) });
  const result: fc.Arbitrary<TxResult> = fc.record({
    transactionHash: hash,
    status: fc.constantFrom(0 as const, 1 as const),
    gasUsed: fc.bigInt(0n, 2n ** 64n - 1n),
    contractAddress: fc.option(address),
    logs: fc.array(log, { maxLength: 5 }),
  });
  fc.assert(fc.property(result, (value) => expect(decodeTxResult(encodeTxResult(value))).toEqual(value)), seeded(200));
});
