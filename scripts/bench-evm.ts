/** `npm run bench:evm`: what one core executes; `--json` ends with one line. */
import { measureExecution } from '../libs/evm/bench/execution.js';

async function main(): Promise<void> {
  const figures = await measureExecution();
  console.table(figures);
  if (!process.argv.includes('--json')) return;
  const [value, erc20, records] = figures;
  console.log(JSON.stringify({
    executionValueTps: value?.executionTps, executionErc20Tps: erc20?.executionTps, executionRecordsTps: records?.executionTps, admissionTps: erc20?.admissionTps, commitmentShare: erc20?.commitmentShare,
    commitmentShares: Object.fromEntries(figures.map(({ name, commitmentShare }) => [name, commitmentShare])),
  }));
}

void main();
