import { decodeCertificate, decodeHeader, decodeValidators, encodeCertificate, encodeHeader, encodeValidators, LedgerError, LightClient, to0x, type Bytes, type Genesis, type SignedHeader, type ValidatorChange } from '#ledger';
import type { Prng } from '../../libs/ledger/sim/prng.js';
import type { SampleChain } from '../../libs/sdk/testing/sample-chain.js';
import { changeBytes } from './change-bytes.js';
import type { Forgery } from './forgery.js';

/** The parts of a proof as bytes; one of them is altered, or taken from another true proof. */
function changeParts(random: Prng, parts: readonly Bytes[], others: readonly (readonly Bytes[])[]): Bytes[] | null {
  const at = random.below(parts.length);
  const other = random.pick(others)[at] as Bytes;
  const part = random.chance(0.05) ? other : changeBytes(random, parts[at] as Bytes);
  return to0x(part) === to0x(parts[at] as Bytes) ? null : parts.map((own, i) => (i === at ? part : own));
}

/** A client from genesis that believes nothing of what it is offered stays as it was: the same one serves for all attempts. */
function offer(client: LightClient, parts: readonly Bytes[], read: (parts: readonly Bytes[]) => SignedHeader | ValidatorChange): 'refused' | { accepted: string } {
  try {
    const signed = read(parts);
    const check = 'nextValidators' in signed ? client.acceptChange(signed) : client.accept(signed);
    return check.ok || check.code === 'conflict' ? { accepted: parts.map(to0x).join(' ') } : 'refused';
  } catch (error) {
    if (error instanceof LedgerError) return 'refused';
    throw error;
  }
}

const partsOf = ({ header, certificate }: SignedHeader): Bytes[] => [encodeHeader(header), encodeCertificate(certificate)];
const signedOf = (parts: readonly Bytes[]): SignedHeader => ({ header: decodeHeader(parts[0] as Bytes), certificate: decodeCertificate(parts[1] as Bytes) });

function clientOf(genesis: Genesis, changes: readonly ValidatorChange[]): LightClient {
  const client = LightClient.fromGenesis(genesis);
  for (const change of changes) client.acceptChange(change);
  return client;
}

/** Headers and certificates, byte by byte, against a light client that knows the validators. */
export function headerForgery(chain: SampleChain, weight: number): Forgery {
  const signed = { header: chain.header, certificate: chain.certify() };
  const polka = { header: chain.header, certificate: chain.certify({ kind: 'prevote' }) };
  const client = clientOf(chain.genesis, chain.changes);
  const others = [...chain.changes.map(partsOf), partsOf(polka)];
  return {
    name: 'headers and certificates',
    weight,
    acceptsTruth: () => clientOf(chain.genesis, chain.changes).accept(signed).ok,
    attempt: (random) => {
      const parts = changeParts(random, partsOf(signed), others);
      return parts === null ? 'true' : offer(client, parts, signedOf);
    },
  };
}

/** Changes of validators: header, certificate, and who comes. */
export function changeForgery(chain: SampleChain, weight: number): Forgery {
  const clients = chain.changes.map((_, i) => clientOf(chain.genesis, chain.changes.slice(0, i)));
  const parts = chain.changes.map((change) => [...partsOf(change), encodeValidators(change.nextValidators)]);
  const read = (bytes: readonly Bytes[]): ValidatorChange => ({ ...signedOf(bytes), nextValidators: decodeValidators(bytes[2] as Bytes) });
  return {
    name: 'changes of validators',
    weight,
    acceptsTruth: () => chain.changes.every((change, i) => clientOf(chain.genesis, chain.changes.slice(0, i)).acceptChange(change).ok),
    attempt: (random) => {
      const at = random.below(parts.length);
      const changed = changeParts(random, parts[at] as Bytes[], parts);
      return changed === null ? 'true' : offer(clients[at] as LightClient, changed, read);
    },
  };
}
