import { equalBytes, type Bytes, type Certificate, type FaultModel, type ValidatorSet, type VoteContent } from '../src/index.js';
import { SIM_GENESIS_HASH } from './chain.js';
import { verifyCheaply } from './keys.js';

/** What the simulator knows of its own, so that a bug of the machine is not in its judge as well (docs/spec/encoding.md). */

const TAGS = { prevote: 2, precommit: 3 } as const;

/** Sign bytes of a vote: `tag u8 | genesisHash[32] | height u64 | round u32 | flag u8 | blockHash[32]`. */
export function voteBytes({ kind, height, round, blockHash }: VoteContent, genesisHash: Bytes = SIM_GENESIS_HASH): Bytes {
  const bytes = new Uint8Array(78);
  const view = new DataView(bytes.buffer);
  bytes[0] = TAGS[kind];
  bytes.set(genesisHash, 1);
  view.setBigUint64(33, height);
  view.setUint32(41, round);
  if (blockHash === null) return bytes;
  bytes[45] = 1;
  bytes.set(blockHash, 46);
  return bytes;
}

/** Sign bytes of a proposal: `tag u8 | genesisHash[32] | height u64 | round u32 | polRound u32 | blockHash[32]`. */
export function proposalBytes({ height, round, polRound, blockHash }: { height: bigint; round: number; polRound: number; blockHash: Bytes }, genesisHash: Bytes = SIM_GENESIS_HASH): Bytes {
  const bytes = new Uint8Array(81);
  const view = new DataView(bytes.buffer);
  bytes[0] = 1;
  bytes.set(genesisHash, 1);
  view.setBigUint64(33, height);
  view.setUint32(41, round);
  view.setUint32(45, polRound === -1 ? 0xffff_ffff : polRound);
  bytes.set(blockHash, 49);
  return bytes;
}

/** Why a certificate proves nothing, or null: each signature holds, each signer counts once, and they are a quorum. */
export function certificateFault(certificate: Certificate, set: ValidatorSet, model: FaultModel): string | null {
  const message = voteBytes(certificate);
  const signers = new Set<number>();
  let power = 0n;
  let total = 0n;
  for (const validator of set.validators) total += validator.power;
  for (const { validator, signature } of certificate.signatures) {
    const member = set.validators[validator];
    if (member === undefined) return `nobody is validator ${validator}`;
    if (signers.has(validator)) return `validator ${validator} stands in it twice`;
    if (!verifyCheaply(member.publicKey, message, signature)) return `the signature of validator ${validator} does not hold`;
    signers.add(validator);
    power += member.power;
  }
  const quorum = model === 'BFT' ? power * 3n > total * 2n : power * 2n > total;
  return quorum ? null : `${power} of ${total} are no quorum`;
}

/** Why a certificate is not the commit of this block at this height, or null. */
export function commitFault(certificate: Certificate, height: bigint, hash: Bytes, set: ValidatorSet, model: FaultModel): string | null {
  if (certificate.kind !== 'precommit' || certificate.height !== height) return 'it is not the commit of this height';
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, hash)) return 'it names another block';
  return certificateFault(certificate, set, model);
}
