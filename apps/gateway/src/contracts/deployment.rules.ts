import { keccak256, parseTransaction, recoverTransactionAddress, type Hex, type TransactionSerialized } from 'viem';
import { CodedError } from '#contracts';

export interface SignedDeployment {
  raw: Hex;
  hash: Hex;
  from: Hex;
  nonce: number;
}

const refused = (detail: string, cause?: unknown): CodedError => new CodedError('transaction_refused', detail, { cause });

/**
 * The signed transaction, which must be the one that was prepared: a creation on this chain with this very data. Nonce, gas and
 * fees are the signer's business.
 * @throws CodedError `transaction_refused` that says what differs
 */
export async function readDeployment(signed: string, wanted: { evmChainId: number; creationCode: string }): Promise<SignedDeployment> {
  const raw = signed.toLowerCase() as TransactionSerialized;
  let parsed: ReturnType<typeof parseTransaction>;
  let from: Hex;
  try {
    parsed = parseTransaction(raw);
    from = (await recoverTransactionAddress({ serializedTransaction: raw })).toLowerCase() as Hex;
  } catch (error) {
    throw refused('signedTransaction is no signed Ethereum transaction', error);
  }
  if (parsed.chainId !== wanted.evmChainId) throw refused(`the transaction is for chain ${parsed.chainId ?? 'of no id'}, and this one is ${wanted.evmChainId}`);
  if (parsed.to !== undefined && parsed.to !== null) throw refused('the transaction calls an account, and does not create a contract: leave `to` out');
  if ((parsed.data ?? '0x') !== wanted.creationCode) throw refused('the transaction creates another contract than the one that was prepared: sign its `data` as it stands');
  return { raw, hash: keccak256(raw), from, nonce: parsed.nonce ?? 0 };
}
