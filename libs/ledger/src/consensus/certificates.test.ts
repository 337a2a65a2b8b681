import { Rig } from '../../testing/machine.js';
import type { Certificate } from '../formats/certificate.js';
import type { VoteKind } from '../formats/vote.js';
import { VoteSet } from './votes.js';

/** Rules 5, 7, 16: a certificate from the network counts whole or not at all. */
const forge = (certificate: Certificate, index: number): Certificate => ({
  ...certificate, signatures: certificate.signatures.map((one, i) => (i === index ? { ...one, signature: new Uint8Array(64).fill(5) } : one)),
});

describe.each<VoteKind>(['prevote', 'precommit'])('a certificate of %ss', (kind) => {
  const begin = (): Rig => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'));
    return rig;
  };

  it('counts where it is whole', () => {
    const rig = begin();
    expect(rig.run({ type: 'certificate', certificate: rig.certificate(kind, 0, 'A', [1, 2, 3]) })[0]).toBe(kind === 'prevote' ? 'precommit A' : 'decide A 0');
  });

  it.each<[string, (certificate: Certificate) => Certificate]>([
    ['one bad signature', (certificate) => forge(certificate, 2)],
    ['a bad signature of somebody whose vote is known', (certificate) => forge(certificate, 0)],
    ['too few', (certificate) => ({ ...certificate, signatures: certificate.signatures.slice(0, 2) })],
    ['one counted twice', (certificate) => ({ ...certificate, signatures: [...certificate.signatures.slice(0, 2), ...certificate.signatures.slice(1, 2)] })],
    ['a stranger', (certificate) => ({ ...certificate, signatures: certificate.signatures.map((one, i) => (i === 2 ? { ...one, validator: 9 } : one)) })],
    ['another height', (certificate) => ({ ...certificate, height: 2n })],
    ['another round than was signed', (certificate) => ({ ...certificate, round: 1 })],
    ['for nil', (certificate) => ({ ...certificate, blockHash: null })],
  ])('%s: nothing', (_name, change) => {
    const rig = begin();
    const { certificate } = { certificate: rig.certificate(kind, 0, 'A', [1, 2, 3]) };
    rig.run(kind === 'prevote' ? rig.prevote(1, 0, 'A') : rig.precommit(1, 0, 'A'));
    expect(rig.run({ type: 'certificate', certificate: change(certificate) })).toEqual([]);
    expect(rig.state.commit).toBeNull();
  });
});

it('a validator counts once, whatever it says', () => {
  const rig = new Rig();
  const votes = new VoteSet(rig.validators, 'BFT', 'prevote', 0);
  expect(votes.add(rig.vote('prevote', 1, 0, 'A'))).toBe(true);
  for (const name of ['A', 'B', 'nil']) expect(votes.add(rig.vote('prevote', 1, 0, name))).toBe(false);
  expect([votes.power, votes.quorum]).toEqual([1n, null]);
  for (const from of [2, 3]) votes.add(rig.vote('prevote', from, 0, 'A'));
  expect(votes.certificate(1n, rig.hash('A')).signatures.map((one) => one.validator)).toEqual([1, 2, 3]);
});
