import { appendTestBlocks } from './crash.js';

/** A process that commits block after block until it is killed; told its folder, it prints a line for each commit. */
void appendTestBlocks(process.argv[2] as string, (height) => process.stdout.write(`${height}\n`));
