import { keccak_256 } from '@noble/hashes/sha3.js';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import {
  blockHash, buildReceipt, DEFAULT_PARAMS, evidenceRoot, founderMessage, fromHex, genesisHash, genesisToJson, keyPairOf, paramsHash, resultsRoot, sha256, sign, to0x,
  transactionsRoot, ValidatorSet, voteSignBytes, ZERO_HASH,
  type Bytes, type Certificate, type FaultModel, type Genesis, type GenesisFile, type Header, type KeyPair, type Receipt, type TxResult, type ValidatorChange, type VoteContent,
} from '#ledger';

/** A signed block of a chain with two founders and four validators, to verify receipts against. */
export interface SampleChain {
  genesis: Genesis;
  founders: PrivateKeyAccount[];
  /** In the order of the validator set. */
  keys: KeyPair[];
  header: Header;
  results: TxResult[];
  transactions: Bytes[];
  file(signedBy?: readonly PrivateKeyAccount[]): Promise<GenesisFile>;
  /** Of the validators below height 7, where the chain has any. */
  changes: ValidatorChange[];
  certify(content?: Partial<VoteContent>, signers?: readonly number[]): Certificate;
  /** Of another header of height 7. */
  certifyHeader(header: Header): Certificate;
  /** With another header or certificate than the true ones, to forge receipts. */
  receipt(index: number, forged?: { header?: Partial<Header>; certificate?: Certificate; changes?: readonly ValidatorChange[] }): Receipt;
}

const FOUNDER_KEYS = ['0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d', '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a'] as const;

/** Sets of keys by their number, one after another: nobody leaves, or one is replaced at height 3 and one comes at height 5. */
const STEADY = [[11, 12, 13, 14]] as const;
const CHANGING = [[11, 12, 13, 14], [11, 12, 13, 15], [11, 12, 13, 15, 16]] as const;

export interface SampleOptions {
  transactions?: number;
  changing?: boolean;
}

interface Voters {
  set: ValidatorSet;
  /** In the order of the set. */
  keys: KeyPair[];
}

function votersOf(numbers: readonly number[]): Voters {
  const pairs = numbers.map((n) => keyPairOf(new Uint8Array(32).fill(n)));
  const set = new ValidatorSet(pairs.map(({ publicKey }) => ({ publicKey, power: 1n })));
  return { set, keys: set.validators.map((validator) => pairs.find((pair) => to0x(pair.publicKey) === to0x(validator.publicKey)) as KeyPair) };
}

function certifyWith(genesisHash: Bytes, keys: readonly KeyPair[], content: VoteContent, signers: readonly number[]): Certificate {
  const message = voteSignBytes(genesisHash, content);
  return { ...content, signatures: signers.map((validator) => ({ validator, signature: sign((keys[validator] as KeyPair).privateKey, message) })) };
}

function resultsOf(transactions: readonly Bytes[]): TxResult[] {
  return transactions.map((raw, i): TxResult => ({
    transactionHash: keccak_256(raw),
    status: i === 1 ? 0 : 1,
    gasUsed: BigInt(21_000 + i),
    contractAddress: i === 2 ? new Uint8Array(20).fill(0xcc) : null,
    logs: Array.from({ length: i }, (__, n) => ({ address: new Uint8Array(20).fill(0xcc), topics: [sha256(Uint8Array.of(n))], data: new Uint8Array(n * 3).fill(9) })),
  }));
}

export function sampleChain(faultModel: FaultModel = 'BFT', options: SampleOptions = {}): SampleChain {
  const founders = FOUNDER_KEYS.map((key) => privateKeyToAccount(key));
  const eras = (options.changing === true ? CHANGING : STEADY).map(votersOf);
  const [first, last] = [eras[0] as Voters, eras[eras.length - 1] as Voters];
  const genesis: Genesis = {
    version: 2, evmChainId: 4242n, faultModel, timeMs: 1_795_392_000_000n, hardfork: 'osaka', protocolVersion: 1, access: 'open', params: DEFAULT_PARAMS,
    members: founders.map((founder, i) => ({ name: ['Acme', 'Globex'][i] as string, governance: fromHex(founder.address), operations: fromHex(founder.address) })),
    validators: first.set.validators.map(({ publicKey }, i) => ({ publicKey, power: 1n, member: faultModel === 'CFT' ? 0 : i % 2 })),
    alloc: [],
  };
  const hash = genesisHash(genesis);
  const transactions = Array.from({ length: options.transactions ?? 5 }, (_, i) => new Uint8Array(100 + i).fill(i + 1));
  const results = resultsOf(transactions);
  const headerAt = (height: bigint, voters: Voters, next: Voters): Header => ({
    version: 1, genesisHash: hash, height, prevHash: sha256(Uint8Array.of(Number(height) - 1)), prevCommitHash: sha256(Uint8Array.of(66)), timeMs: genesis.timeMs + 1000n * height,
    proposer: (voters.keys[0] as KeyPair).publicKey, txRoot: transactionsRoot(transactions), txCount: transactions.length, stateRoot: ZERO_HASH, receiptsRoot: resultsRoot(results),
    validatorsHash: voters.set.hash, nextValidatorsHash: next.set.hash, paramsHash: paramsHash(genesis.params), evidenceRoot: evidenceRoot([]),
  });
  const header = headerAt(7n, last, last);
  const changes = eras.slice(1).map((next, i): ValidatorChange => {
    const voters = eras[i] as Voters;
    const changed = headerAt(BigInt(3 + 2 * i), voters, next);
    return { header: changed, certificate: certifyWith(hash, voters.keys, { kind: 'precommit', height: changed.height, round: 0, blockHash: blockHash(changed) }, [0, 1, 3]), nextValidators: next.set.validators };
  });
  const certify: SampleChain['certify'] = (content = {}, signers = last.keys.length === 5 ? [0, 1, 3, 4] : [0, 1, 3]) =>
    certifyWith(hash, last.keys, { kind: 'precommit', height: 7n, round: 0, blockHash: blockHash(header), ...content }, signers);
  return {
    genesis, founders, keys: last.keys, header, results, transactions, changes, certify, certifyHeader: (other) => certify({ height: other.height, blockHash: blockHash(other) }),
    file: async (signedBy = founders) => {
      const message = founderMessage(hash);
      return genesisToJson(genesis, await Promise.all(signedBy.map(async (account) => ({ account: account.address, signature: await account.signMessage({ message }) }))));
    },
    receipt: (index, forged = {}) => {
      const changed = { ...header, ...forged.header };
      const certificate = forged.certificate ?? certify({ height: changed.height, blockHash: blockHash(changed) });
      return buildReceipt({ genesis, block: { header: changed, transactions }, results, index, certificate, validatorChanges: forged.changes ?? changes });
    },
  };
}
