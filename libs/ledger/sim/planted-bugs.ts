import type { ExecutionOutcome, Input, Message, State, ValidatorSet } from '../src/index.js';
import { REAL_MACHINE, type Machine } from './machine.js';

/** The machine with something done before each step, and to what it says. */
function around(before: (state: State, input: Input) => Input | void): Machine {
  return { ...REAL_MACHINE, step: (state, input) => REAL_MACHINE.step(state, before(state, input) ?? input) };
}

function withSilent(type: Message['type']): Machine {
  return {
    ...REAL_MACHINE,
    step: (state, input) => {
      const { effects } = REAL_MACHINE.step(state, input);
      return { state, effects: effects.filter((effect) => effect.type !== 'broadcast' || effect.message.type !== type) };
    },
  };
}

/** A set that claims another total power, so that other sums make a quorum. */
const withTotal = (set: ValidatorSet, total: bigint): ValidatorSet => Object.create(set, { total: { value: total } }) as ValidatorSet;

function withQuorumOf(totalOf: (set: ValidatorSet) => bigint): Machine {
  const fake = new WeakSet<ValidatorSet>();
  return around((state) => {
    const { validators } = state.context;
    if (fake.has(validators)) return;
    const other = withTotal(validators, totalOf(validators));
    fake.add(other);
    state.context = { ...state.context, validators: other };
  });
}

function unlock(state: State): void {
  state.lockedRound = -1;
  state.lockedHash = null;
}

const lastRound = new WeakMap<State, string>();

/** Bugs that the simulator must find: each breaks one rule of docs/spec/consensus.md. */
export const PLANTED_BUGS: Readonly<Record<string, Machine>> = {
  'rule 2: no lock': around(unlock),
  'rule 5: a new round unlocks': around((state) => {
    const place = `${state.context.height}/${state.round}`;
    if (lastRound.get(state) !== place) unlock(state);
    lastRound.set(state, place);
  }),
  'rule 1: never proposes its valid block again': around((state) => {
    state.polka = null;
  }),
  'rule 3: the polka of a proposal is not checked': { ...REAL_MACHINE, createState: (config, context) => REAL_MACHINE.createState({ ...config, verify: (key, message, signature) => message[0] === 2 || config.verify(key, message, signature) }, context) },
  'rule 7: more than half decides': { ...REAL_MACHINE, createState: (config, context) => REAL_MACHINE.createState({ ...config, faultModel: 'CFT' }, context) },
  'rule 7: two thirds decide': withQuorumOf((set) => set.total - 1n),
  'rule 7: a third more is asked for': withQuorumOf((set) => (set.total * 3n) / 2n),
  'rule 8: nobody is ahead': {
    ...REAL_MACHINE,
    step: (state, input) => {
      state.ahead.clear();
      return input.type === 'skipProof' ? { state, effects: [] } : REAL_MACHINE.step(state, input);
    },
  },
  'rule 2: whatever executes is valid': around((state, input) => {
    if (input.type !== 'executed') return;
    const header = [...state.blocks.values()].find(({ status, block }) => status === 'executing' && block.header.height === input.height)?.block.header;
    if (header === undefined || input.outcome === null) return;
    const outcome: ExecutionOutcome = { ...input.outcome, stateRoot: header.stateRoot };
    return { ...input, outcome };
  }),
  'rule 11: sends before persisting': { ...REAL_MACHINE, sendsBeforePersisting: true },
  'rule 12: a restart forgets what was signed': { ...REAL_MACHINE, readLog: () => [] },
  'rule 12: a restart forgets the lock': { ...REAL_MACHINE, readLog: (records) => records.map((record) => ({ ...record, lockedRound: -1, lockedHash: null, validRound: -1, validHash: null, polka: null })) },
  'rule 12: blocks are not in the log': { ...REAL_MACHINE, readLog: (records) => records.map((record) => ({ ...record, block: null })) },
  'rule 13: votes are sent once': {
    ...REAL_MACHINE,
    step: (state, input) => {
      const { effects } = REAL_MACHINE.step(state, input);
      return { state, effects: input.type === 'timeout' ? effects.filter(({ type }) => type !== 'broadcast') : effects };
    },
  },
  'rule 14: a synced block needs no power behind it': {
    ...REAL_MACHINE,
    step: (state, input) => {
      if (input.type !== 'syncedBlock') return REAL_MACHINE.step(state, input);
      const { context } = state;
      state.context = { ...context, validators: withTotal(context.validators, 1n) };
      const result = REAL_MACHINE.step(state, input);
      if (state.context.height === context.height) state.context = context;
      return result;
    },
  },
  'signatures are not checked': { ...REAL_MACHINE, createState: (config, context) => REAL_MACHINE.createState({ ...config, verify: () => true }, context) },
  'rule 13: no skip proofs': withSilent('skipProof'),
};
