import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Bytes } from '#ledger';

/** Numbers, addresses and bytes are 0x-hex text, as in the files. */
export interface AccountText {
  balance: string;
  nonce: string;
  code: string;
  storage: Record<string, string>;
}

export interface TestEnv {
  currentCoinbase: string;
  currentDifficulty: string;
  currentGasLimit: string;
  currentNumber: string;
  currentTimestamp: string;
  currentBaseFee?: string;
  currentRandom?: string;
  currentExcessBlobGas?: string;
}

export interface TransactionText {
  data: string[];
  gasLimit: string[];
  value: string[];
  nonce: string;
  to: string;
  sender: string;
  gasPrice?: string;
  maxFeePerGas?: string;
  maxPriorityFeePerGas?: string;
  maxFeePerBlobGas?: string;
  blobVersionedHashes?: `0x${string}`[];
  accessLists?: ({ address: string; storageKeys: string[] }[] | null)[];
}

interface PostText {
  hash: string;
  logs: string;
  txbytes: string;
  indexes: { data: number; gas: number; value: number };
  expectException?: string;
}

interface TestText {
  env: TestEnv;
  pre: Record<string, AccountText>;
  transaction: TransactionText;
  post: Record<string, PostText[]>;
}

/** One test: a state and a block, and for each fork the transactions that are tried on them, each apart. */
export interface StateTest {
  /** File, and the test's name in it. */
  name: string;
  env: TestEnv;
  pre: Record<string, AccountText>;
  transaction: TransactionText;
  post: Record<string, PostText[]>;
}

export type Post = PostText;

/** The tests of a folder in the format of ethereum/tests' GeneralStateTests, in the order of their paths. */
export function* stateTests(folder: string): Generator<StateTest> {
  for (const path of jsonFiles(folder)) {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, TestText>;
    for (const [name, test] of Object.entries(file)) {
      if (typeof test !== 'object' || test.post === undefined || test.pre === undefined || test.env === undefined) throw new Error(`${path} is no state test: "${name}" lacks env, pre or post`);
      yield { name: `${relative(folder, path)} ${name}`, ...test };
    }
  }
}

function* jsonFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* jsonFiles(path);
    else if (name.endsWith('.json')) yield path;
  }
}

export function bytesOf(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
}

/** 32 bytes of a number. */
export function wordOf(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text.slice(2).padStart(64, '0'), 'hex'));
}

/** Some files write a number as `0x:bigint 0x…`, to say that it is meant to be too large. */
export function numberOf(text: string): bigint {
  return BigInt(text.startsWith('0x:bigint ') ? text.slice('0x:bigint '.length) : text === '0x' ? '0x0' : text);
}
