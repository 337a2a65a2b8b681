import { paramsEVM } from '@ethereumjs/evm';

/** Ethereum's prices. */
export const PRICES = paramsEVM;
