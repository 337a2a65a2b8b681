import { SigningGuard, type LogRecord, type SignRequest } from '../src/index.js';
import { SIM_GENESIS_HASH } from './chain.js';
import type { Deaths } from './deaths.js';
import { signCheaply } from './keys.js';
import type { NodePort } from './node-port.js';
import type { World } from './world.js';

/** One node's only way to a signature, as the safety module is: it refuses what conflicts, and gives a signature when its record is durable. */
export class Signer {
  private readonly guard: SigningGuard;

  /** @param records what the log holds. @param trusted whether its machine is honest, so that it never asks for what conflicts. */
  constructor(
    private readonly node: NodePort,
    private readonly world: World,
    private readonly dies: Deaths,
    private readonly trusted: boolean,
    records: readonly LogRecord[],
  ) {
    this.guard = new SigningGuard(SIM_GENESIS_HASH, records);
  }

  sign(id: number, request: SignRequest): void {
    const { node, world, guard } = this;
    const verdict = guard.judge(request);
    if (verdict.type === 'stored') return node.feed({ type: 'signed', id, signature: verdict.signature });
    if (verdict.type === 'refuse') return this.refused(request, verdict.why);
    const record: LogRecord = { ...request, signature: signCheaply(node.key, request.signBytes) };
    guard.remember(record);
    if (this.dies.ofFullDisk(record)) return;
    const durable = node.disk.append(record);
    node.later(world.diskMs(), () => {
      if (this.dies.ofSyncError()) return;
      durable();
      node.feed({ type: 'signed', id, signature: record.signature });
    });
  }

  /** Nothing of a height that is decided and durable is signed any more. */
  letGo(height: bigint): void {
    this.guard.letGo(height);
  }

  /** The machine has its own memory of what it signed. */
  private refused({ height }: SignRequest, why: string): void {
    const { node, world } = this;
    if (height > node.disk.chain.height && this.trusted) world.fail('equivocation', `n${node.index} was asked to sign what must not be: ${why}`);
  }
}
