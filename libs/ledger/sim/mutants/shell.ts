import type { Mutant } from './mutant.js';

const NODE = 'sim/node.ts';
const HALTING = 'sim/halting.ts';
const SIGNER = 'sim/signer.ts';
const DISK = 'sim/disk.ts';

/** Bugs of the shell around the machine: the simulator's own shell does what docs/spec/consensus.md asks of every shell. */
export const SHELL_MUTANTS: readonly Mutant[] = [
  { name: 'shell: says that a record is durable before it is', file: SIGNER, find: "      durable();\n", replace: "      node.later(30, durable);\n" },
  { name: 'shell: a restart does not read its log', file: DISK, find: 'return records;', replace: 'return [];' },
  { name: 'shell: proposals are not read from the log', file: DISK, find: 'return records;', replace: "return records.filter(({ kind }) => kind !== 'proposal');" },
  { name: 'shell: proposals are not written to the log', file: SIGNER, find: 'const durable = node.disk.append(record);', replace: "const durable = record.kind === 'proposal' ? () => undefined : node.disk.append(record);" },
  { name: 'shell: signs with a damaged log', file: 'src/safety/read-log.ts', find: 'damaged || all === null ? headHeight + 1n : -1n', replace: '-1n' },
  { name: 'shell: signs where its store lost blocks', file: DISK, find: 'this.forbid(before + 1n);', replace: '' },
  { name: 'shell: does not look at certificates of heights that are decided', broken: true, file: HALTING, find: 'if (set == null || !verifyCertificate(', replace: 'if (set !== null || !verifyCertificate(' },
  { name: 'shell: believes certificates of heights that are decided', broken: true, file: HALTING, find: 'if (set == null || !verifyCertificate(', replace: 'if (set == null || this.node.index < 0 && !verifyCertificate(' },
  { name: 'shell: does not look at the commit in a proposal of the next height', broken: true, file: HALTING, find: 'if (certificate.height === state.context.height && known', replace: 'if (certificate.height < 0n && known' },
  { name: 'shell: a restart forgets that it has halted', broken: true, file: NODE, find: 'this.up = true;', replace: 'this.up = true; this.disk.halt = null;' },
  { name: 'shell: acknowledges alone', file: 'sim/pool.ts', find: '!mayLose(this.world.plan.faultModel, powerOf(current, holders), current.total)', replace: 'holders.size < 1' },
  { name: 'shell: a committed transaction stays in the pool', file: 'sim/pool.ts', find: '      this.waiting.delete(id);\n', replace: '' },
];
