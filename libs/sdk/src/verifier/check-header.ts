import { equalBytes, fromHex, LightClient, type Genesis, type LightAcceptance, type LightRefusal, type ReadCertified } from '#ledger';
import { Refused } from './refused.js';
import { isTrustedHead, type TrustedHead } from './trusted-head.js';

/**
 * Whether the light client, from genesis over the changes that the receipt shows, believes its header; and whether all of that
 * can stand in one history with the head that the caller trusts.
 */
export function checkHeader(receipt: ReadCertified, genesis: Genesis, trustedHead: TrustedHead | undefined): LightAcceptance {
  const client = LightClient.fromGenesis(genesis);
  if (trustedHead !== undefined) pinHead(client, receipt, trustedHead);
  let below = 0n;
  for (const [i, change] of receipt.validatorChanges.entries()) {
    const { height } = change.header;
    if (height <= below || height >= receipt.header.height) throw new Refused('validatorChanges', `validatorChanges[${i}] is of height ${height}: they stand by ascending height, below the block ${receipt.header.height}`);
    below = height;
    const check = client.acceptChange(change);
    if (!check.ok) throw refusalOf(check, trustedHead, `validatorChanges[${i}]`);
  }
  const check = client.accept(receipt);
  if (!check.ok) throw refusalOf(check, trustedHead, null);
  return check;
}

function pinHead(client: LightClient, receipt: ReadCertified, head: TrustedHead): void {
  if (!isTrustedHead(head)) throw new Refused('badTrustedHead', 'the trusted head is not {genesisHash, height, blockHash, timeMs}');
  if (!equalBytes(fromHex(head.genesisHash), receipt.genesisHash)) throw new Refused('trustedHeadConflict', 'the trusted head is of another chain');
  const conflict = client.pin(BigInt(head.height), fromHex(head.blockHash), BigInt(head.timeMs));
  if (conflict !== null) throw new Refused('trustedHeadConflict', conflict.message);
}

/** @param change which of the changes was refused, or null for the receipt's own header. */
function refusalOf({ code, message }: LightRefusal, head: TrustedHead | undefined, change: string | null): Refused {
  switch (code) {
    case 'conflict':
      return new Refused(head === undefined ? 'conflictingHeaders' : 'trustedHeadConflict', message);
    case 'otherChain':
    case 'heightZero':
    case 'validatorSetMismatch':
    case 'notACommit':
    case 'otherBlockCertified':
    case 'unknownValidator':
    case 'badSignature':
    case 'noQuorum':
      return change === null ? new Refused(code, message) : new Refused('validatorChanges', `${change}: ${message}`);
    default:
      return new Refused(change === null ? 'badReceipt' : 'validatorChanges', `${change === null ? '' : `${change}: `}${message}`);
  }
}
