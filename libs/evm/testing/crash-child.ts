import { appendTestBlocks } from './crash.js';

/** A process that commits block after block until it is killed; told its folder, and how many blocks' states it keeps, it prints a line for each commit. */
const [, , folder = '', history] = process.argv;
void appendTestBlocks(folder, (height) => process.stdout.write(`${height}\n`), Infinity, history === undefined ? 'archive' : Number(history));
