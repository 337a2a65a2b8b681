import { keccak_256 } from '@noble/hashes/sha3.js';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import {
  blockHash, buildReceipt, DEFAULT_PARAMS, evidenceRoot, founderMessage, fromHex, genesisHash, genesisToJson, genesisValidators, keyPairOf, paramsHash, resultsRoot, sha256, sign, to0x,
  transactionsRoot, voteSignBytes, ZERO_HASH,
  type Bytes, type Certificate, type FaultModel, type Genesis, type GenesisFile, type Header, type KeyPair, type Receipt, type TxResult, type VoteContent,
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
  certify(content?: Partial<VoteContent>, signers?: readonly number[]): Certificate;
  /** With another header or certificate than the true ones, to forge receipts. */
  receipt(index: number, forged?: { header?: Partial<Header>; certificate?: Certificate }): Receipt;
}

const FOUNDER_KEYS = ['0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d', '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a'] as const;

export function sampleChain(faultModel: FaultModel = 'BFT', transactionCount = 5): SampleChain {
  const founders = FOUNDER_KEYS.map((key) => privateKeyToAccount(key));
  const pairs = [11, 12, 13, 14].map((n) => keyPairOf(new Uint8Array(32).fill(n)));
  const genesis: Genesis = {
    version: 1, evmChainId: 4242n, faultModel, timeMs: 1_795_392_000_000n, hardfork: 'osaka', protocolVersion: 1, params: DEFAULT_PARAMS,
    members: founders.map((founder, i) => ({ name: ['Acme', 'Globex'][i] as string, governance: fromHex(founder.address), operations: fromHex(founder.address) })),
    validators: pairs.map((pair, i) => ({ publicKey: pair.publicKey, power: 1n, member: faultModel === 'CFT' ? 0 : i % 2 })),
    alloc: [],
  };
  const hash = genesisHash(genesis);
  const validators = genesisValidators(genesis);
  const keys = validators.validators.map((validator) => pairs.find((pair) => to0x(pair.publicKey) === to0x(validator.publicKey)) as KeyPair);
  const transactions = Array.from({ length: transactionCount }, (_, i) => new Uint8Array(100 + i).fill(i + 1));
  const results = transactions.map((raw, i): TxResult => ({
    transactionHash: keccak_256(raw),
    status: i === 1 ? 0 : 1,
    gasUsed: BigInt(21_000 + i),
    contractAddress: i === 2 ? new Uint8Array(20).fill(0xcc) : null,
    logs: Array.from({ length: i }, (__, n) => ({ address: new Uint8Array(20).fill(0xcc), topics: [sha256(Uint8Array.of(n))], data: new Uint8Array(n * 3).fill(9) })),
  }));
  const header: Header = {
    version: 1, genesisHash: hash, height: 7n, prevHash: sha256(Uint8Array.of(6)), prevCommitHash: sha256(Uint8Array.of(66)), timeMs: genesis.timeMs + 7000n,
    proposer: (keys[0] as KeyPair).publicKey, txRoot: transactionsRoot(transactions), txCount: transactions.length, stateRoot: ZERO_HASH, receiptsRoot: resultsRoot(results),
    validatorsHash: validators.hash, nextValidatorsHash: validators.hash, paramsHash: paramsHash(genesis.params), evidenceRoot: evidenceRoot([]),
  };
  const certify: SampleChain['certify'] = (content = {}, signers = [0, 1, 3]) => {
    const all: VoteContent = { kind: 'precommit', height: 7n, round: 0, blockHash: blockHash(header), ...content };
    const message = voteSignBytes(hash, all);
    return { ...all, signatures: signers.map((validator) => ({ validator, signature: sign((keys[validator] as KeyPair).privateKey, message) })) };
  };
  return {
    genesis, founders, keys, header, results, transactions, certify,
    file: async (signedBy = founders) => {
      const message = founderMessage(hash);
      return genesisToJson(genesis, await Promise.all(signedBy.map(async (account) => ({ account: account.address, signature: await account.signMessage({ message }) }))));
    },
    receipt: (index, forged = {}) => {
      const changed = { ...header, ...forged.header };
      const certificate = forged.certificate ?? certify({ height: changed.height, blockHash: blockHash(changed) });
      return buildReceipt({ genesis, block: { header: changed, transactions }, results, index, certificate });
    },
  };
}
