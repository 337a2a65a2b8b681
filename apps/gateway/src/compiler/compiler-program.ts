/**
 * The program of the compiler's process, as text: it needs no file of its own beside the compiled gateway, and shares nothing
 * with it. Reads standard JSON on stdin, answers on stdout. Imports are read from the installed OpenZeppelin package and from
 * nowhere else: a path that leads out of its folder, through `..` or a link, is refused.
 */
export const COMPILER_PROGRAM = `
const fs = require('fs');
const path = require('path');
const [solcPath, buildPath, openZeppelin] = process.argv.slice(1);
const PREFIX = '@openzeppelin/contracts/';
const load = (name) => {
  if (!name.startsWith(PREFIX)) return { error: 'there is no such source: give it in sources; imports from ' + PREFIX + ' are there already' };
  try {
    const root = fs.realpathSync(openZeppelin);
    const file = fs.realpathSync(path.join(root, name.slice(PREFIX.length)));
    if (!file.startsWith(root + path.sep) || !file.endsWith('.sol')) return { error: 'not a source of OpenZeppelin' };
    return { contents: fs.readFileSync(file, 'utf8') };
  } catch {
    return { error: 'the installed OpenZeppelin has no such file' };
  }
};
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  const solc = buildPath === '' ? require(solcPath) : require(solcPath)(require(buildPath));
  const output = solc.compile(Buffer.concat(chunks).toString('utf8'), { import: load });
  process.stdout.write(JSON.stringify({ version: solc.version(), output: JSON.parse(output) }));
});
`;
