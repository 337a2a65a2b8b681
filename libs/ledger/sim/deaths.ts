import type { LogRecord } from '../src/index.js';
import type { NodePort } from './node-port.js';
import type { World } from './world.js';

/** How a disk ends a process: a write that fails is fatal, as nobody knows what is stored. */
export class Deaths {
  constructor(
    private readonly node: NodePort,
    private readonly world: World,
  ) {}

  /** A part of the record may stand. @returns whether the process has ended. */
  ofFullDisk(record: LogRecord): boolean {
    const { world, node } = this;
    if (node.disk.fullUntilMs <= world.queue.nowMs) return false;
    node.disk.appendPart(record, world.random);
    world.takeDown(node, world.random.between(50, 800));
    return true;
  }

  ofSyncError(): boolean {
    const { world, node } = this;
    if (!world.chaos || world.plan.syncErrorRate === 0 || !world.random.chance(world.plan.syncErrorRate)) return false;
    node.log(() => 'sync error');
    world.takeDown(node, world.random.between(5, 500));
    return true;
  }
}
