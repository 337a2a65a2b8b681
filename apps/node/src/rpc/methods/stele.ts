import {
  blockHash, buildReceipt, buildStateDocument, encodeCertificate, encodeHeader, evidenceKind, evidencePlace, genesisValidators, MAX_PROVEN_SLOTS, MAX_VALIDATOR_CHANGES, to0x, type Bytes, type Evidence, type Receipt, type StateDocument, type StateKey, type StateProof, type ValidatorChange, type ValidatorSet,
} from '#ledger';
import { memberOfNode, type ChainStore, type StateReader } from '#evm';
import type { ChainAccess, ConsensusStatus, RpcBackend } from '../backend.js';
import { toQuantity } from '../format/quantity.js';
import { method, type Method } from '../method.js';
import { serverError } from '../errors.js';
import { blockId, heightOf, LATEST, stateHeightOf, type BlockId } from '../params/block-id.js';
import { listOf, optional, required } from '../params/parser.js';
import { address, hash, slot } from '../params/values.js';

/** All changes of validators since genesis that whoever verifies a block must know. */
function changesBelow(store: ChainStore, height: bigint): ValidatorChange[] {
  const changes = store.validatorChanges(1n, height, MAX_VALIDATOR_CHANGES + 1);
  if (changes.length > MAX_VALIDATOR_CHANGES) throw serverError(`the chain has changed its validators more than ${MAX_VALIDATOR_CHANGES} times: a receipt from genesis on is not to be had any more`);
  return changes;
}

/** The offline-verifiable receipt of a committed transaction, or null. */
export function receiptOf({ store }: ChainAccess, transactionHash: Bytes): Receipt | null {
  const place = store.transaction(transactionHash);
  if (place === null) return null;
  const block = store.block(place.height);
  const results = store.results(place.height);
  const certificate = store.certificate(place.height);
  if (block === null || results === null || certificate === null) return null;
  return buildReceipt({ genesis: store.genesis, block, results, index: place.index, certificate, validatorChanges: changesBelow(store, place.height) });
}

/** What the state held of an account after a block, proven up to the votes that decided it. */
function proofOf(chain: ChainAccess, address: Bytes, slots: readonly Bytes[], block: BlockId): StateDocument {
  const { store } = chain;
  const height = stateHeightOf(chain, block);
  if (height === 0n) throw serverError('genesis needs no proof: its own file says what the state of height 0 holds');
  const [header, certificate] = [store.header(height), store.certificate(height)];
  if (header === null || certificate === null) throw serverError('header not found');
  const prove = (key: StateKey): StateProof => store.prove(key, height);
  return buildStateDocument({
    genesis: store.genesis, header, certificate, validatorChanges: changesBelow(store, height), address, account: prove({ kind: 'account', address }),
    storage: slots.map((place) => ({ slot: place, proof: prove({ kind: 'storage', address, slot: place }) })),
  });
}

/** A decided header and the votes that decided it: canonical, and in words. */
function certificateOf({ store }: ChainAccess, height: bigint): unknown {
  const header = store.header(height);
  const certificate = store.certificate(height);
  if (header === null || certificate === null) return null;
  const validators = store.validatorsAt(height);
  return {
    height: toQuantity(height),
    round: toQuantity(certificate.round),
    blockHash: to0x(blockHash(header)),
    proposer: to0x(header.proposer),
    timeMs: toQuantity(header.timeMs),
    signatures: certificate.signatures.map(({ validator, signature }) => ({
      validator: toQuantity(validator),
      publicKey: to0x(validators.at(validator)?.publicKey ?? new Uint8Array(0)),
      signature: to0x(signature),
    })),
    header: to0x(encodeHeader(header)),
    certificate: to0x(encodeCertificate(certificate)),
  };
}

function consensusOf({ store }: ChainAccess, status: ConsensusStatus, voting: ValidatorSet | null): unknown {
  const { genesis } = store;
  const validators = voting ?? genesisValidators(genesis);
  const head = store.head();
  return {
    phase: status.phase,
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    genesisHash: to0x(store.genesisHash),
    faultModel: genesis.faultModel,
    head: { height: toQuantity(head.height), hash: to0x(head.hash), timeMs: toQuantity(head.timeMs) },
    height: toQuantity(status.height),
    round: toQuantity(status.round),
    step: status.step,
    node: { publicKey: to0x(status.publicKey), isValidator: status.isValidator, peers: toQuantity(status.peers) },
    validators: validatorsOf(validators, store.state()),
    totalPower: toQuantity(validators.total),
    quorumPower: toQuantity(genesis.faultModel === 'BFT' ? (2n * validators.total) / 3n + 1n : validators.total / 2n + 1n),
  };
}

function validatorsOf(set: ValidatorSet, state: StateReader): unknown {
  return set.validators.map(({ publicKey, power }, index) => ({
    index: toQuantity(index), publicKey: to0x(publicKey), power: toQuantity(power), member: memberOfNode(state, publicKey) ?? '',
  }));
}

/** Two messages that one validator signed and that cannot both be honest; whoever has its key and the chain's genesisHash can check them. */
function evidenceOf(evidence: Evidence): Record<string, unknown> {
  const { height, round } = evidencePlace(evidence);
  return {
    validator: to0x(evidence.publicKey), height: toQuantity(height), round: toQuantity(round), kind: evidenceKind(evidence),
    messages: [evidence.a, evidence.b].map(({ signBytes, signature }) => ({ signBytes: to0x(signBytes), signature: to0x(signature) })),
  };
}

function allEvidence(backend: RpcBackend): unknown {
  const { included, waiting } = backend.evidence();
  return { included: included.map(({ height, evidence }) => ({ blockHeight: toQuantity(height), ...evidenceOf(evidence) })), waiting: waiting.map(evidenceOf) };
}

/** What Ethereum has no word for. */
export const STELE_METHODS: readonly Method[] = [
  method('stele_getReceipt', 'The receipt of a committed transaction that anyone verifies offline; null when there is none yet.', [required('hash', hash)], ({ chain }, transactionHash) => receiptOf(chain, transactionHash)),
  method('stele_getProof', 'What the state held of an account and of slots of its storage after a block, or that it held nothing: anyone verifies it offline.',
    [required('address', address), optional('slots', listOf(slot, MAX_PROVEN_SLOTS), []), optional('block', blockId, LATEST)], ({ chain }, account, slots, block) => proofOf(chain, account, slots, block)),
  method('stele_getCertificate', 'A block’s header and the votes that decided it; null for genesis, which needs none.', [optional('block', blockId, LATEST)], ({ chain }, block) => {
    const height = heightOf(chain, block);
    return height === null ? null : certificateOf(chain, height);
  }),
  method('stele_getConsensus', 'Where this node stands, and who validates.', [], ({ chain, backend }) => consensusOf(chain, backend.consensusStatus(), backend.validators())),
  method('stele_getEvidence', 'Validators that signed two conflicting messages, with both: what recent blocks hold of it, and what waits for a block.', [], ({ backend }) => allEvidence(backend)),
  method('stele_getGenesis', 'The genesis file, with the founders’ signatures; check its hash with someone else.', [], ({ backend }) => backend.genesisFile()),
];
