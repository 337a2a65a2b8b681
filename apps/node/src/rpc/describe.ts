import { DIFFERENCES } from './differences.js';
import { DEFAULT_LIMITS } from './limits.js';
import type { Method } from './method.js';
import { REFUSED_METHODS } from './methods/refused.js';
import { METHODS } from './methods/table.js';

/** docs/json-rpc.md, from the method table: what the server has is what stands there. */
export function describeRpc(): string {
  const refused = new Set(REFUSED_METHODS.map(({ name }) => name));
  const all = [...METHODS.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const known = all.filter(({ name }) => !refused.has(name));
  const strays = Object.keys(DIFFERENCES).filter((name) => !known.some((method) => method.name === name));
  if (strays.length > 0) throw new Error(`differences are told of methods that are not there: ${strays.join(', ')}`);
  const ethereums = known.filter(({ name }) => !name.startsWith('stele_'));
  return `# JSON-RPC

Made by \`npm run docs:json-rpc\` from the method table (\`apps/node/src/rpc/methods\`). Over HTTP and WebSocket at \`/rpc/{chainId}\` of the gateway, with an
API key or access token; a batch is a list of calls. Values are Ethereum's: quantities in 0x hex, bytes in 0x hex. An unknown method answers
−32601, wrong parameters −32602 with the name of the one that is wrong, what a call reverted with 3 and its data.

## What is otherwise on every Stele chain

- **Final at once.** A block counts when validators have decided it; none is ever replaced. \`latest\`, \`safe\`, \`finalized\` and \`pending\` name one block.
- **Free.** Any offered fee is taken and none is charged; base fee, gas price and tips are 0. Gas bounds work all the same.
- **Blocks come when there is something to put into them**, a few empty ones after, then one a minute. Tools that wait for confirmations
  get them within seconds.
- **TIMESTAMP** never falls and may stand still for two blocks; **PREVRANDAO** is known in advance and no source of luck; **COINBASE** is 0.
- **Rules of \`osaka\`** without blobs, set-code transactions, and the system contracts of EIP-4788 and EIP-2935; some precompiles cost more gas
  (\`spec/state.md\`).
- **The state root** is that of our own tree: \`stele_getProof\` in place of \`eth_getProof\`.
- **Old states** are there for genesis and the last \`STELE_HISTORY\` blocks of a node (10,000, unless it keeps an archive): calls, balances, storage,
  proofs and traces below say so. Blocks, receipts and logs are all there.

## As Ethereum's nodes have it

${table(ethereums.filter(({ name }) => DIFFERENCES[name] === undefined))}

## With a difference

| method | how it differs |
|---|---|
${ethereums.filter(({ name }) => DIFFERENCES[name] !== undefined).map((method) => `| ${call(method)} | ${DIFFERENCES[method.name] ?? ''} |`).join('\n')}

## Stele's own

${table(known.filter(({ name }) => name.startsWith('stele_')))}

## Refused

| method | why |
|---|---|
${all.filter(({ name }) => refused.has(name)).map(({ name, doc }) => `| \`${name}\` | ${doc.replace(/^Refused: /, '').replace(/\.$/, '')} |`).join('\n')}

## Bounds

Each refusal names its bound. A body has at most ${DEFAULT_LIMITS.bodyBytes / 1024 / 1024} MiB (4 MiB through the gateway), a batch ${DEFAULT_LIMITS.batchItems} calls and ${DEFAULT_LIMITS.batchAnswerBytes / 1024 / 1024} MiB of answers, as one call alone,
and its executions and searches follow each other and are begun for 20 seconds; a log query
${count(DEFAULT_LIMITS.logRangeBlocks)} blocks by address or topic, ${count(DEFAULT_LIMITS.openLogRangeBlocks)} without, ${count(DEFAULT_LIMITS.logs)} logs with 8 MiB of data and,
where there is more than one block, 5 seconds of search; a trace 8 MiB of calls; a connection ${DEFAULT_LIMITS.subscriptionsPerConnection} subscriptions. A filter that nobody polls for
${DEFAULT_LIMITS.filterTtlMs / 60_000} minutes goes. \`stele_sendTransactionAndWait\` waits ${DEFAULT_LIMITS.waitMs / 1000} seconds at most.

At the gateway, besides: the filters of one credential (at most 100) name 50,000 addresses and topics, the subscriptions of one connection 10,000; a tenant has
1,000 connections and 256 MiB of answers that wait to be read. A revoked key's calls are refused within 3 seconds, its connections closed within 13.
`;
}

function table(methods: readonly Method[]): string {
  return `| method | |\n|---|---|\n${methods.map((method) => `| ${call(method)} | ${method.doc} |`).join('\n')}`;
}

const call = ({ name, params }: Method): string => `\`${name}(${params.join(', ')})\``;
const count = (n: number): string => n.toLocaleString('en');
