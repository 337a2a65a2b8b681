import { compareBytes, fromHex, genesisHash, toHex, type Bytes, type Genesis } from '#ledger';
import type { Overlay } from '../state/overlay.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_CODE, PERMISSIONS_CODE } from './code.js';
import { ACCESS_HEAD, CONSORTIUM_SLOTS, HEAD, MEMBER, MEMBER_SECOND, NODE, PERMISSIONS_SLOTS, arraySlot, mappingSlot, numberOf, packed, slot, slotPlus } from './layout.js';
import { paramsToWords } from './params-words.js';
import { OFFICIAL_WORD, MEMBER_AT } from './access-word.js';

const STATUS_ACTIVE = 2;
/** More than half of the members, within a week, until they decide otherwise. */
const THRESHOLD_BPS = 5000;
const EXPIRY_SECONDS = 7 * 24 * 3600;

/** Puts the system contracts on height 0: their code, and the storage that genesis's members, validators and parameters make. */
export function writeSystemContracts(overlay: Overlay, genesis: Genesis): void {
  overlay.setCode(CONSORTIUM_ADDRESS, fromHex(CONSORTIUM_CODE));
  overlay.setCode(PERMISSIONS_ADDRESS, fromHex(PERMISSIONS_CODE));
  const put = (at: Bytes, value: bigint): void => overlay.setStorage(CONSORTIUM_ADDRESS, at, slot(value));
  const { low, high } = paramsToWords(genesis.params);
  put(slot(CONSORTIUM_SLOTS.head), packed(HEAD, {
    memberCount: genesis.members.length, activeMembers: genesis.members.length, thresholdBps: THRESHOLD_BPS, expirySeconds: EXPIRY_SECONDS, oneOwner: genesis.faultModel === 'CFT' ? 1 : 0,
  }));
  put(slot(CONSORTIUM_SLOTS.genesisHash), numberOf(genesisHash(genesis)));
  put(slot(CONSORTIUM_SLOTS.paramsLow), low);
  put(slot(CONSORTIUM_SLOTS.paramsHigh), high);
  writeNodes(genesis, put);
  writeMembers(genesis, put);
  writeAccounts(overlay, genesis);
}

type Put = (at: Bytes, value: bigint) => void;

function writeNodes({ validators }: Genesis, put: Put): void {
  const sorted = [...validators].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  const list = numberOf(arraySlot(slot(CONSORTIUM_SLOTS.activeKeys)));
  put(slot(CONSORTIUM_SLOTS.activeKeys), BigInt(sorted.length));
  for (const [index, { publicKey, power, member }] of sorted.entries()) {
    put(slot(list + BigInt(index)), numberOf(publicKey));
    put(mappingSlot(publicKey, slot(CONSORTIUM_SLOTS.nodes)), packed(NODE, { member, power, status: STATUS_ACTIVE, index }));
  }
}

function writeMembers({ members, validators }: Genesis, put: Put): void {
  for (const [id, { name, governance, operations }] of members.entries()) {
    const own = validators.filter(({ member }) => member === id);
    // Each further node of the member has the power of its strongest; a member that begins without a node may have one of power 1.
    const power = own.reduce((most, one) => (one.power > most ? one.power : most), 1n);
    const base = mappingSlot(slot(id), slot(CONSORTIUM_SLOTS.members));
    put(base, packed(MEMBER, { governance: numberOf(governance), power, active: 1, nodeCount: own.length }));
    put(slotPlus(base, 1), packed(MEMBER_SECOND, { operations: numberOf(operations), nodesAllowed: Math.max(own.length, 1) }));
    writeText(slotPlus(base, 3), name, put);
    put(mappingSlot(governance, slot(CONSORTIUM_SLOTS.governs)), BigInt(id + 1));
    // An operations account that several members name is the first one's.
    const first = members.findIndex((one) => toHex(one.operations) === toHex(operations));
    if (first === id) put(mappingSlot(operations, slot(CONSORTIUM_SLOTS.operates)), BigInt(id + 1));
  }
}

/** Governance and operations accounts of members: those that may always transact. */
function writeAccounts(overlay: Overlay, { members, access }: Genesis): void {
  const official = new Map<string, number>();
  for (const [id, { governance }] of members.entries()) official.set(toHex(governance), id);
  for (const [id, { operations }] of members.entries()) if (!official.has(toHex(operations))) official.set(toHex(operations), id);
  overlay.setStorage(PERMISSIONS_ADDRESS, slot(PERMISSIONS_SLOTS.head), slot(packed(ACCESS_HEAD, { access: access === 'open' ? 0 : 1 })));
  for (const [account, id] of official) {
    overlay.setStorage(PERMISSIONS_ADDRESS, mappingSlot(fromHex(account), slot(PERMISSIONS_SLOTS.words)), slot(OFFICIAL_WORD | (BigInt(id) << MEMBER_AT)));
  }
}

/** A string as Solidity keeps it: up to 31 bytes in the slot itself, longer ones behind its hash. */
function writeText(at: Bytes, text: string, put: Put): void {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 32) {
    const word = new Uint8Array(32);
    word.set(bytes);
    word[31] = bytes.length * 2;
    put(at, numberOf(word));
    return;
  }
  put(at, BigInt(bytes.length * 2 + 1));
  const data = numberOf(arraySlot(at));
  for (let from = 0; from < bytes.length; from += 32) {
    const word = new Uint8Array(32);
    word.set(bytes.subarray(from, from + 32));
    put(slot(data + BigInt(from / 32)), numberOf(word));
  }
}
