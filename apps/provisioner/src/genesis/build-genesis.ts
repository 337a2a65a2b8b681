import { DEFAULT_PARAMS, fromHex, type Genesis, type Params } from '#ledger';

/** What genesis is made of, as the database holds it. */
export interface GenesisRows {
  evmChainId: number;
  faultModel: 'BFT' | 'CFT';
  access: 'open' | 'members';
  /** Numbers, and decimal strings where the ledger has u64. */
  params: Readonly<Record<string, unknown>>;
  members: readonly { tenantId: string; position: number; name: string; governanceAccount: string; operationsAccount: string }[];
  nodes: readonly { tenantId: string; kind: 'validator' | 'observer'; power: number; publicKey: string }[];
  alloc: readonly { address: string; balance: string; code: string }[];
}

/**
 * Genesis of a new chain. Pure: equal rows and time give equal bytes, so a provisioner that died after it had written
 * genesis, and one that had not, cannot disagree (the stored one always wins).
 * @param nowMs u64 milliseconds, the time of block 0.
 */
export function buildGenesis(rows: GenesisRows, nowMs: bigint): Genesis {
  const members = [...rows.members].sort((a, b) => a.position - b.position);
  const memberOf = new Map(members.map((member, index) => [member.tenantId, index]));
  return {
    version: 2,
    evmChainId: BigInt(rows.evmChainId),
    faultModel: rows.faultModel,
    timeMs: nowMs,
    hardfork: 'osaka',
    protocolVersion: 1,
    access: rows.access,
    params: paramsOf(rows.params),
    members: members.map((member) => ({ name: member.name, governance: fromHex(member.governanceAccount), operations: fromHex(member.operationsAccount) })),
    validators: rows.nodes
      .filter((node) => node.kind === 'validator')
      .map((node) => ({ publicKey: fromHex(node.publicKey), power: BigInt(node.power), member: indexOf(memberOf, node.tenantId) }))
      .sort((a, b) => Buffer.compare(a.publicKey, b.publicKey)),
    alloc: [...rows.alloc]
      .sort((a, b) => (a.address < b.address ? -1 : 1))
      .map((entry) => ({ address: fromHex(entry.address), balance: BigInt(entry.balance), code: fromHex(entry.code) })),
  };
}

function indexOf(memberOf: ReadonlyMap<string, number>, tenantId: string): number {
  const index = memberOf.get(tenantId);
  if (index === undefined) throw new Error(`tenant ${tenantId} has a node and is no member of the chain`);
  return index;
}

/** The ledger's defaults, with what the founder chose instead. */
function paramsOf(chosen: Readonly<Record<string, unknown>>): Params {
  const { blockGasLimit, txGasLimit, ...rest } = chosen;
  return {
    ...DEFAULT_PARAMS,
    ...(rest as Partial<Params>),
    ...(blockGasLimit === undefined ? {} : { blockGasLimit: BigInt(String(blockGasLimit)) }),
    ...(txGasLimit === undefined ? {} : { txGasLimit: BigInt(String(txGasLimit)) }),
  };
}
