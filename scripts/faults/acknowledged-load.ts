import { Signer, type Signed } from '../bench/workload.js';
import { RpcRefusal, type ContainerChain } from './container-chain.js';
import { sleep } from './random.js';

const PAYLOAD_BYTES = 256;

/** Clients that send one transaction after another, the same again to another node until one acknowledges it. */
export class AcknowledgedLoad {
  /** Hashes of what was acknowledged. */
  readonly acknowledged: string[] = [];
  /** Sent, and never acknowledged when the load ended: may be in the chain or not. */
  readonly open = new Set<string>();
  readonly refusals: string[] = [];
  private ending = false;
  private readonly clients: Promise<void>[];

  constructor(
    private readonly chain: ContainerChain,
    clients: number,
    private readonly pauseMs: number,
  ) {
    this.clients = Array.from({ length: clients }, (_, number) => this.client(number));
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.clients);
  }

  private async client(number: number): Promise<void> {
    const signer = new Signer(`client ${number}`, this.chain.evmChainId);
    for (let at = number; !this.ending; ) {
      const signed = signer.put(PAYLOAD_BYTES);
      this.open.add(signed.hash);
      while (!this.ending && !(await this.send(at % this.chain.size, signed))) {
        at += 1;
        await sleep(50);
      }
      await sleep(this.pauseMs);
    }
  }

  private async send(node: number, { raw, hash }: Signed): Promise<boolean> {
    try {
      await this.chain.call(node, 'eth_sendRawTransaction', [raw]);
    } catch (error) {
      // A refusal is kept for the report; whatever it is, the same transaction goes to another node.
      if (error instanceof RpcRefusal) this.refusals.push(error.message);
      return false;
    }
    this.acknowledged.push(hash);
    this.open.delete(hash);
    return true;
  }
}
