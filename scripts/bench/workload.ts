import { ecdsaSign, publicKeyCreate } from 'secp256k1/bindings';
import { keccak256 } from '#evm';
import { sha256, utf8, type Bytes } from '#ledger';

/** One signed transaction, ready to be sent. */
export interface Signed {
  /** `0x…`, as eth_sendRawTransaction takes it. */
  raw: string;
  /** `0x…` */
  hash: string;
}

const RECORDS = Buffer.from('00000000000000000000000000000000005e1e03', 'hex');
const GAS = 200_000;
const NOTHING: Bytes = new Uint8Array(0);

/**
 * An account that signs `Records.put` transactions with `payloadBytes` of call data. Encoded and signed here with the native
 * library: a wallet library would take longer for a second's load than the chain takes to commit it.
 */
export class Signer {
  private readonly key: Bytes;
  private nonce = 0;

  constructor(
    readonly name: string,
    private readonly chainId: bigint,
  ) {
    this.key = sha256(utf8(`bench ${name}`));
  }

  /** The nonce of the next transaction. */
  get next(): number {
    return this.nonce;
  }

  /** Signs from this nonce on. */
  goOn(nonce: number): void {
    this.nonce = nonce;
  }

  get address(): string {
    return `0x${Buffer.from(keccak256(publicKeyCreate(this.key, false).subarray(1)).subarray(12)).toString('hex')}`;
  }

  /** `put(key, uri)` with a key of its own. */
  put(payloadBytes: number): Signed {
    const key = sha256(utf8(`${this.name}/${this.nonce}`));
    return this.sign({ to: RECORDS, data: putData(key, payloadBytes) });
  }

  /** An EIP-1559 transaction that offers no fee. */
  sign({ to, data = NOTHING, value = 0n, gas = GAS }: { to: Bytes; data?: Bytes; value?: bigint; gas?: number }): Signed {
    const fields = [integer(this.chainId), integer(BigInt(this.nonce++)), EMPTY, EMPTY, integer(BigInt(gas)), bytes(to), integer(value), bytes(data), Buffer.of(0xc0)];
    const digest = keccak256(Buffer.concat([Buffer.of(2), list(fields)]));
    const { signature, recid } = ecdsaSign(digest, this.key);
    const raw = Buffer.concat([Buffer.of(2), list([...fields, integer(BigInt(recid)), integer(bigOf(signature.subarray(0, 32))), integer(bigOf(signature.subarray(32)))])]);
    return { raw: `0x${raw.toString('hex')}`, hash: `0x${Buffer.from(keccak256(raw)).toString('hex')}` };
  }
}

const PUT = Buffer.from(keccak256(utf8('put(bytes32,string)'))).subarray(0, 4);
/** Selector, key, offset and length of the URI. */
const PUT_HEAD_BYTES = 100;

/** Call data of exactly this many bytes where a URI of at least one byte fits, as a wallet would encode it: the URI is padded to words. */
function putData(key: Bytes, payloadBytes: number): Bytes {
  const uriBytes = Math.max(1, Math.floor((payloadBytes + 4 - PUT_HEAD_BYTES) / 32) * 32);
  const data = Buffer.alloc(PUT_HEAD_BYTES + Math.ceil(uriBytes / 32) * 32);
  data.set(PUT);
  data.set(key, 4);
  data[67] = 64;
  data.writeUInt32BE(uriBytes, 96);
  data.fill('https://example.org/documents/', PUT_HEAD_BYTES, PUT_HEAD_BYTES + uriBytes);
  return data;
}

const EMPTY = Buffer.of(0x80);

function bytes(value: Bytes): Buffer {
  return Buffer.concat([header(value.length, 0x80), value]);
}

function list(items: readonly Buffer[]): Buffer {
  const body = Buffer.concat(items);
  return Buffer.concat([header(body.length, 0xc0), body]);
}

function header(length: number, tag: number): Buffer {
  if (length < 56) return Buffer.of(tag + length);
  return length < 256 ? Buffer.of(tag + 56, length) : Buffer.of(tag + 57, length >> 8, length & 0xff);
}

function integer(value: bigint): Buffer {
  if (value === 0n) return EMPTY;
  const hex = value.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return digits.length === 1 && (digits[0] as number) < 0x80 ? digits : bytes(digits);
}

function bigOf(value: Bytes): bigint {
  return BigInt(`0x${Buffer.from(value).toString('hex')}`);
}
