import { blockHash, fromHex, genesisHash, to0x, type GenesisFile, type ValidatorChange } from '#ledger';
import { mutations } from '../../testing/mutations.js';
import { sampleChain } from '../../testing/sample-chain.js';
import type { ReceiptFault, VerifyOptions } from './result.js';
import { verifyReceipt } from './verify-receipt.js';

const chain = sampleChain();
const hash = to0x(genesisHash(chain.genesis));
const head = { genesisHash: hash, height: '7', blockHash: to0x(blockHash(chain.header)), timeMs: chain.header.timeMs.toString() };
let file: GenesisFile;
beforeAll(async () => {
  file = await chain.file();
});

describe('a true receipt', () => {
  it.each([0, 1, 2, 3, 4])('of transaction %i verifies, also after a trip through JSON', (index) => {
    const receipt: unknown = JSON.parse(JSON.stringify(chain.receipt(index)));
    const result = verifyReceipt(JSON.parse(JSON.stringify(file)), receipt, { genesisHash: hash, trustedHead: head });
    expect(result).toMatchObject({
      ok: true, genesisAuthenticated: true, height: 7n, faultModel: 'BFT', transactionIndex: index, status: index === 1 ? 0 : 1, gasUsed: BigInt(21_000 + index), logCount: index, warnings: [],
      certificate: { power: 3n, totalPower: 4n, validators: 4 }, trustedHead: head,
    });
  });

  it('of a block with one transaction verifies: its paths are empty', async () => {
    const single = sampleChain('BFT', { transactions: 1 });
    expect(verifyReceipt(await single.file(), single.receipt(0))).toMatchObject({ ok: true });
  });

  it('says what it could not know: genesis, head, and founders who did not sign', async () => {
    const result = verifyReceipt(await chain.file([chain.founders[0] as (typeof chain.founders)[number]]), chain.receipt(0));
    expect(result).toMatchObject({ ok: true, genesisAuthenticated: false });
    expect(result.ok && result.warnings.map((warning) => warning.code)).toEqual(['genesisNotAuthenticated', 'founderMissing', 'noTrustedHead']);
    expect(result.ok && result.warnings[0]?.message).toMatch(/^genesis not authenticated/);
    expect(result.ok && result.warnings[1]?.message).toContain('Globex');
  });

  it('of a CFT chain verifies with more than half, and warns', async () => {
    const cft = sampleChain('CFT');
    const result = verifyReceipt(await cft.file(), cft.receipt(0));
    expect(result).toMatchObject({ ok: true, faultModel: 'CFT' });
    expect(result.ok && result.warnings.map((warning) => warning.code)).toContain('crashFaultsOnly');
  });
});

describe('any change is refused', () => {
  it('each byte of each field of the receipt', async () => {
    const unsigned = await chain.file([]);
    const receipt = chain.receipt(2);
    let count = 0;
    for (const mutation of mutations(receipt)) {
      count++;
      const result = verifyReceipt(unsigned, mutation.value);
      if (result.ok) throw new Error(`a receipt changed at ${mutation.where} was accepted`);
      if (result.message === '') throw new Error(`a refusal at ${mutation.where} does not say what is wrong`);
    }
    expect(count).toBeGreaterThan(5000);
    expect(verifyReceipt(unsigned, receipt).ok).toBe(true);
  });

  it('each digit of the genesis file, under the right genesis hash', () => {
    const receipt = chain.receipt(0);
    const { founders: _, ...rest } = file;
    for (const mutation of mutations({ genesisHash: rest.genesisHash, canonical: rest.canonical })) {
      const changed = typeof mutation.value === 'object' ? { ...rest, founders: [], ...mutation.value } : mutation.value;
      const result = verifyReceipt(changed, receipt, { genesisHash: hash });
      // Upper-case hex, a left out 0x and one more key change no byte of the genesis.
      const same = (text: unknown, bytes: string): boolean => typeof text === 'string' && text.toLowerCase().replace(/^0x/, '') === bytes.slice(2);
      if (result.ok && !(same((changed as GenesisFile).canonical, rest.canonical) && same((changed as GenesisFile).genesisHash, rest.genesisHash))) {
        throw new Error(`a genesis file changed at ${mutation.where} was accepted`);
      }
    }
  });
});

describe('says exactly what is wrong', () => {
  const other = sampleChain('CFT');
  const foreignHash = to0x(genesisHash(other.genesis));
  const result = (change: object) => ({ ...chain.receipt(3), result: { ...chain.receipt(3).result, ...change } });

  it.each<[string, () => unknown, ReceiptFault, RegExp]>([
    ['a receipt of another chain', () => other.receipt(0), 'otherChain', new RegExp(foreignHash)],
    ['a header of another chain under this genesis hash', () => chain.receipt(0, { header: { genesisHash: fromHex(foreignHash) } }), 'otherChain', /./],
    ['a header of another chain', () => ({ ...other.receipt(0), genesisHash: hash }), 'otherChain', /^the header is of chain/],
    ['another fault model', () => ({ ...chain.receipt(0), faultModel: 'CFT' }), 'faultModelMismatch', /receipt says CFT, genesis says BFT/],
    ['a change of validators that is none', () => ({ ...chain.receipt(0), validatorChanges: [{}] }), 'validatorChanges', /validatorChanges\[0\]/],
    ['another validator set', () => chain.receipt(0, { header: { validatorsHash: new Uint8Array(32) } }), 'validatorSetMismatch', /block 7 names the validator set 0x0000/],
    ['height 0', () => chain.receipt(0, { header: { height: 0n } }), 'heightZero', /begin at 1/],
    ['a polka in place of a commit', () => chain.receipt(0, { certificate: chain.certify({ kind: 'prevote' }) }), 'notACommit', /prevotes/],
    ['a certificate of another height', () => chain.receipt(0, { certificate: chain.certify({ height: 8n }) }), 'otherBlockCertified', /height 8, the header of height 7/],
    ['a certificate of another block', () => chain.receipt(0, { certificate: chain.certify({ blockHash: new Uint8Array(32) }) }), 'otherBlockCertified', /the certificate is for 0x0000/],
    ['a certificate of nil', () => chain.receipt(0, { certificate: chain.certify({ blockHash: null }) }), 'otherBlockCertified', /for no block/],
    ['too few signatures', () => chain.receipt(0, { certificate: chain.certify({}, [0, 1]) }), 'noQuorum', /2 of 4 power/],
    ['no signatures', () => chain.receipt(0, { certificate: chain.certify({}, []) }), 'noQuorum', /0 of 4 power/],
    ['one bad signature beside a quorum', () => {
      const all = chain.certify({}, [0, 1, 2, 3]);
      return chain.receipt(0, { certificate: { ...all, signatures: all.signatures.map((entry, i) => (i === 3 ? { ...entry, signature: new Uint8Array(64) } : entry)) } });
    }, 'badSignature', /validator 3/],
    ['a signer beyond the set', () => {
      const all = chain.certify();
      return chain.receipt(0, { certificate: { ...all, signatures: [...all.signatures, { validator: 9, signature: new Uint8Array(64) }] } });
    }, 'unknownValidator', /validator 9; the chain has 4/],
    ['another amount of gas', () => result({ gasUsed: '21004' }), 'resultNotIncluded', /gas 21004/],
    ['a failure told as success', () => ({ ...chain.receipt(1), result: { ...chain.receipt(1).result, status: 1 } }), 'resultNotIncluded', /receiptsRoot/],
    ['the result of another transaction', () => ({ ...chain.receipt(3), result: chain.receipt(2).result }), 'transactionHashMismatch', /the result is of/],
    ['another transaction', () => ({ ...chain.receipt(3), transaction: chain.receipt(2).transaction }), 'transactionHashMismatch', /hashes to/],
    ['another index', () => ({ ...chain.receipt(3), transactionIndex: 2 }), 'transactionNotIncluded', /as number 2 of 5/],
    ['an index beyond the block', () => ({ ...chain.receipt(3), transactionIndex: 5 }), 'transactionNotIncluded', /transaction 5 of a block that has 5/],
    ['gas that is no u64', () => result({ gasUsed: '99999999999999999999' }), 'badReceipt', /u64/],
    ['no object', () => null, 'badReceipt', /no object/],
    ['a missing field', () => ({ ...chain.receipt(0), header: undefined }), 'badReceipt', /header/],
    ['another version', () => ({ ...chain.receipt(0), version: 2 }), 'badReceipt', /version 2/],
  ])('%s', (_name, receipt, code, message) => {
    const refused = verifyReceipt(file, receipt());
    expect(refused).toMatchObject({ ok: false, code });
    expect(!refused.ok && refused.message).toMatch(message);
  });

  it('another genesis hash than the founder told', () => {
    expect(verifyReceipt(file, chain.receipt(0), { genesisHash: foreignHash })).toMatchObject({ ok: false, code: 'genesisHashMismatch' });
  });

  it('a founder signature that does not hold, or of a stranger', () => {
    const [first, second] = file.founders as [GenesisFile['founders'][number], GenesisFile['founders'][number]];
    const swapped = { ...file, founders: [{ ...first, signature: second.signature }] };
    expect(verifyReceipt(swapped, chain.receipt(0))).toMatchObject({ ok: false, code: 'founderSignature' });
    expect(verifyReceipt({ ...file, founders: [{ ...first, account: `0x${'ab'.repeat(20)}` }] }, chain.receipt(0))).toMatchObject({ ok: false, code: 'founderUnknown' });
  });

  it.each([null, undefined, 'text', 5, [], {}])('a genesis file that is %p', (value) => {
    expect(verifyReceipt(value, chain.receipt(0))).toMatchObject({ ok: false, code: 'badGenesisFile' });
  });
});

describe('a receipt of a chain whose validators changed', () => {
  const changing = sampleChain('BFT', { changing: true });
  const [first, second] = changing.changes as [ValidatorChange, ValidatorChange];
  let changingFile: GenesisFile;
  beforeAll(async () => {
    changingFile = await changing.file([]);
  });
  const check = (changes: readonly ValidatorChange[], options: VerifyOptions = {}) => verifyReceipt(changingFile, changing.receipt(2, { changes }), options);

  it('verifies across them, with the new validators', () => {
    expect(check([first, second])).toMatchObject({ ok: true, certificate: { power: 4n, totalPower: 5n, validators: 5 } });
  });

  it('each byte of each change is refused', () => {
    const receipt = changing.receipt(2);
    let count = 0;
    for (const { where, value } of mutations(receipt.validatorChanges)) {
      count++;
      if (verifyReceipt(changingFile, { ...receipt, validatorChanges: value }).ok) throw new Error(`changes altered at ${where} were accepted`);
    }
    expect(count).toBeGreaterThan(7000);
  });

  it.each<[string, () => readonly ValidatorChange[], ReceiptFault, RegExp]>([
    ['none shown', () => [], 'validatorSetMismatch', /no change of validators between is shown/],
    ['the first left out', () => [second], 'validatorChanges', /validatorChanges\[0\]: block 5 names the validator set/],
    ['the second left out', () => [first], 'validatorSetMismatch', /no change of validators between is shown/],
    ['in the wrong order', () => [second, first], 'validatorChanges', /validatorChanges\[0\]/],
    ['one twice', () => [first, first, second], 'validatorChanges', /ascending height/],
    ['others than the header names', () => [{ ...first, nextValidators: second.nextValidators }, second], 'validatorChanges', /names other next validators/],
    ['no validators at all', () => [{ ...first, nextValidators: [] }, second], 'validatorChanges', /at least one validator/],
    ['certified by those who come', () => [first, { ...second, certificate: { ...second.certificate, signatures: second.certificate.signatures.map((one, i) => ({ ...one, validator: i + 1 })) } }], 'validatorChanges', /does not hold/],
  ])('changes: %s', (_name, changes, code, message) => {
    const refused = check(changes());
    expect(refused).toMatchObject({ ok: false, code });
    expect(!refused.ok && refused.message).toMatch(message);
  });

  it('a change that contradicts the trusted head', () => {
    const hash = to0x(genesisHash(changing.genesis));
    const trusted = { genesisHash: hash, height: '3', blockHash: `0x${'00'.repeat(32)}`, timeMs: first.header.timeMs.toString() };
    expect(check([first, second], { trustedHead: trusted })).toMatchObject({ ok: false, code: 'trustedHeadConflict', message: expect.stringContaining('two histories') as string });
    expect(check([first, second], { trustedHead: { ...trusted, blockHash: to0x(blockHash(first.header)) } })).toMatchObject({ ok: true });
  });
});

describe('the trusted head', () => {
  const time = (height: number): string => (chain.genesis.timeMs + 1000n * BigInt(height)).toString();
  const at = (change: Partial<typeof head>) => verifyReceipt(file, chain.receipt(0), { trustedHead: { ...head, ...change } });

  it('is replaced by a newer block, and kept before an older one', () => {
    expect(at({ height: '5', timeMs: time(5) })).toMatchObject({ ok: true, trustedHead: head });
    const newer = { ...head, height: '9', timeMs: (chain.header.timeMs + 1n).toString() };
    expect(at(newer)).toMatchObject({ ok: true, trustedHead: newer });
  });

  it.each<[string, Partial<typeof head>, RegExp]>([
    ['another block at the height', { blockHash: `0x${'00'.repeat(32)}` }, /two histories/],
    ['a predecessor that the block does not name', { height: '6', timeMs: time(6), blockHash: `0x${'00'.repeat(32)}` }, /does not follow/],
    ['an earlier block with a later time', { height: '3', timeMs: (chain.header.timeMs + 1n).toString() }, /not later/],
    ['a later block with an earlier time', { height: '9', timeMs: time(6) }, /not earlier/],
    ['a block that is not later than genesis', { height: '5', timeMs: '1' }, /not later than block 0/],
    ['another chain', { genesisHash: `0x${'00'.repeat(32)}` }, /another chain/],
  ])('conflicts: %s', (_name, change, message) => {
    const refused = at(change);
    expect(refused).toMatchObject({ ok: false, code: 'trustedHeadConflict' });
    expect(!refused.ok && refused.message).toMatch(message);
  });

  it('is refused where it is none', () => expect(at({ height: '-1' })).toMatchObject({ ok: false, code: 'badTrustedHead' }));
});
