#!/usr/bin/env node
// The compiler of the npm package `solc` behind the command line of the native one, as far as forge uses it.
const solc = require('solc');
if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  let input = '';
  process.stdin.on('data', (chunk) => (input += chunk)).on('end', () => process.stdout.write(solc.compile(input)));
}
