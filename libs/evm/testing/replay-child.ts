import { readFileSync, rmSync } from 'node:fs';
import { native, sha256, toHex } from '#ledger';
import { openTestChain } from './chain.js';
import { allocOf, type Recording } from './recording.js';

/** Executes a recording, whose file it is told, and prints what came of it: a first line about the machine, then one for each block. */
async function main(): Promise<void> {
  const recording = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as Recording;
  const chain = await openTestChain({ alloc: allocOf(recording) });
  const lines = [`${process.versions.node.split('.')[0]} ${native === null ? 'without' : 'with'} the addon`];
  lines.push(`genesis ${toHex(chain.store.state(0n).root())}`);
  for (const raws of recording.blocks) {
    const { header } = await chain.commit(raws.map((raw) => Uint8Array.from(Buffer.from(raw.slice(2), 'hex'))));
    const results = chain.store.results(header.height) ?? [];
    const told = results.map(({ status, gasUsed, logs, revertData }) => `${status}/${gasUsed}/${logs.length}/${toHex(sha256(revertData)).slice(0, 8)}`);
    lines.push(`${header.height} ${toHex(header.stateRoot)} ${toHex(header.receiptsRoot)} ${toHex(header.txRoot)} ${told.join(' ')}`);
  }
  await chain.close();
  rmSync(chain.folder, { recursive: true, force: true });
  process.stdout.write(`${lines.join('\n')}\n`);
}

void main();
