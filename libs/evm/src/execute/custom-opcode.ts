import type { EVMOpts } from '@ethereumjs/evm';

/** An opcode that takes the place of the EVM library's, and what it is given. */
export type CustomOpcode = Extract<NonNullable<EVMOpts['customOpcodes']>[number], { logicFunction: unknown }>;
export type RunState = Parameters<CustomOpcode['logicFunction']>[0];
