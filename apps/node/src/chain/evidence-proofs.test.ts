import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, makeEvidence, sign, voteSignBytes, type Evidence, type KeyPair } from '#ledger';
import { EvidenceFolder } from './evidence-folder.js';

const GENESIS = new Uint8Array(32).fill(1);

function proof({ publicKey, privateKey }: KeyPair, height: bigint, other: number): Evidence {
  const signed = (block: number): Evidence['a'] => {
    const signBytes = voteSignBytes(GENESIS, { kind: 'prevote', height, round: 0, blockHash: block === 0 ? null : new Uint8Array(32).fill(block) });
    return { signBytes, signature: sign(privateKey, signBytes) };
  };
  return makeEvidence(publicKey, signed(0), signed(other));
}

describe('rule 10: what a node keeps of equivocations', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'stele-evidence-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('comes back after a restart, one file for each equivocation, whatever proves it', () => {
    const keys = generateKeyPair();
    const [one, same, next] = [proof(keys, 7n, 3), proof(keys, 7n, 4), proof(keys, 8n, 3)];
    const evidence = new EvidenceFolder(join(folder, 'evidence'));
    expect(evidence.proofs()).toEqual([]);
    expect([one, same, next, one].map((each) => evidence.keep(each))).toEqual([true, false, true, false]);
    expect(new EvidenceFolder(join(folder, 'evidence')).proofs()).toEqual([one, next]);
  });

  it('skips files that are no proofs, and leaves them alone', () => {
    const evidence = new EvidenceFolder(folder);
    const one = proof(generateKeyPair(), 7n, 3);
    evidence.keep(one);
    writeFileSync(join(folder, '1-torn.evidence'), new Uint8Array([1, 2, 3]));
    writeFileSync(join(folder, '9-notes.txt'), new Uint8Array([1]));
    expect(evidence.proofs()).toEqual([one]);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it('is written again where a crash or a full disk left a part of it', () => {
    const one = proof(generateKeyPair(), 7n, 3);
    new EvidenceFolder(folder).keep(one);
    const path = join(folder, readdirSync(folder)[0] as string);
    for (const bytes of [0, 1, 100]) {
      truncateSync(path, bytes);
      const again = new EvidenceFolder(folder);
      expect(again.proofs()).toEqual([]);
      expect([again.keep(one), again.keep(one)]).toEqual([true, false]);
      expect(new EvidenceFolder(folder).proofs()).toEqual([one]);
    }
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
