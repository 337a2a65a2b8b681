import { CodedError, type ChainParams, type CreateChainRequest, type FieldError } from '#contracts';
import { DEFAULT_PARAMS, paramsFault } from '#ledger';

const MAX_NODES = 100;
/** What Consortium holds votes about parameters to. */
const LEAST_TX_GAS = 4_000_000n;

function repeated(values: readonly string[]): number {
  return values.findIndex((value, index) => values.indexOf(value) !== index);
}

/** What the schema cannot say about a request for a chain: how its parts fit together. */
export function chainRequestErrors(body: CreateChainRequest, ownTenantId: string): FieldError[] {
  const errors: FieldError[] = [];
  const tenants = body.members.map((member) => (member.tenant === 'self' ? ownTenantId : member.tenant));
  if (!tenants.includes(ownTenantId)) errors.push({ path: 'members', message: 'the tenant that asks for the chain must be one of its members: {"tenant": "self"}' });
  const twice = repeated(tenants);
  if (twice >= 0) errors.push({ path: `members.${twice}.tenant`, message: 'a tenant is a member once' });
  // A vote and a transaction must name one member, and the account that votes is kept apart from the one that transacts.
  const accounts = body.members.flatMap((member) => [member.governanceAccount, member.operationsAccount]);
  const shared = repeated(accounts);
  if (shared >= 0) {
    const field = shared % 2 === 0 ? 'governanceAccount' : 'operationsAccount';
    errors.push({ path: `members.${Math.floor(shared / 2)}.${field}`, message: 'each account serves one member and one purpose' });
  }
  const name = repeated(body.members.map((member) => member.name));
  if (name >= 0) errors.push({ path: `members.${name}.name`, message: 'members need names that tell them apart' });
  if (!body.nodes.some((placement) => placement.kind === 'validator')) errors.push({ path: 'nodes', message: 'a chain needs at least one validator' });
  const count = body.nodes.reduce((sum, placement) => sum + placement.count, 0);
  if (count > MAX_NODES) errors.push({ path: 'nodes', message: `at most ${MAX_NODES} nodes, not ${count}` });
  const allocated = repeated(body.alloc.map((entry) => entry.address));
  if (allocated >= 0) errors.push({ path: `alloc.${allocated}.address`, message: 'an account is allocated once' });
  errors.push(...paramsErrors(body.params));
  return errors;
}

/** What the founder chose, among the ledger's defaults. */
function paramsErrors({ blockGasLimit, txGasLimit, ...chosen }: ChainParams): FieldError[] {
  const gas = { blockGasLimit: BigInt(blockGasLimit ?? DEFAULT_PARAMS.blockGasLimit), txGasLimit: BigInt(txGasLimit ?? DEFAULT_PARAMS.txGasLimit) };
  if (gas.txGasLimit < LEAST_TX_GAS) return [{ path: 'params.txGasLimit', message: `must be ${LEAST_TX_GAS} or more: below, the members could no longer make the proposals that would change it` }];
  const fault = paramsFault({ ...DEFAULT_PARAMS, ...chosen, ...gas });
  return fault === null ? [] : [{ path: `params.${fault.field}`, message: fault.message }];
}

/** @throws CodedError `validation_failed` with every fault */
export function checkChainRequest(body: CreateChainRequest, ownTenantId: string): void {
  const errors = chainRequestErrors(body, ownTenantId);
  if (errors.length > 0) throw new CodedError('validation_failed', undefined, { errors });
}

/** What is allowed, but perhaps not meant: how many validators may fail before the chain stands still. */
export function chainRequestHints(body: CreateChainRequest): string[] {
  const validators = body.nodes.reduce((sum, placement) => sum + (placement.kind === 'validator' ? placement.count : 0), 0);
  // A quorum is more than two thirds of the power, or more than half where validators only crash (docs/spec/consensus.md).
  const quorum = body.faultModel === 'BFT' ? Math.floor((2 * validators) / 3) + 1 : Math.floor(validators / 2) + 1;
  if (quorum < validators) return [];
  const enough = body.faultModel === 'BFT' ? 4 : 3;
  return [`With ${validators === 1 ? '1 validator' : `${validators} validators`} the chain stands still whenever one of them fails; ${enough} survive the failure of any one.`];
}
