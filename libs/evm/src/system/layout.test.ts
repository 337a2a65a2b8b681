import { toHex } from '#ledger';
import { CONSORTIUM, PERMISSIONS, type SystemArtifact } from '../../testing/system.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_CODE, PERMISSIONS_CODE } from './code.js';
import { ACCESS_HEAD, CONSORTIUM_SLOTS, HEAD, MEMBER, MEMBER_SECOND, NODE, PERMISSIONS_SLOTS, UPGRADE } from './layout.js';

const bare = (label: string): string => label.replace(/^_/, '');

function slotsOf({ storage }: SystemArtifact): Record<string, number> {
  return Object.fromEntries(storage.filter(({ slot }) => slot !== '0').map(({ label, slot }) => [bare(label), Number(slot)]));
}

const bits = (members: readonly { label: string; offset: number }[]): Record<string, number> => Object.fromEntries(members.map(({ label, offset }) => [label, offset * 8]));
const firstBits = (fields: Record<string, readonly [number, number]>): Record<string, number> => Object.fromEntries(Object.entries(fields).map(([name, [shift]]) => [name, shift]));
const struct = (name: string, slot: string): Record<string, number> => bits((CONSORTIUM.structs.find(({ label }) => label.endsWith(`.${name}`))?.members ?? []).filter((member) => member.slot === slot));

test('the code that genesis puts on a chain is the compiled one, at the addresses that the sources name', () => {
  expect([CONSORTIUM.address, PERMISSIONS.address]).toEqual([`0x${toHex(CONSORTIUM_ADDRESS)}`, `0x${toHex(PERMISSIONS_ADDRESS)}`]);
  expect([CONSORTIUM.runtime, PERMISSIONS.runtime]).toEqual([`0x${CONSORTIUM_CODE}`, `0x${PERMISSIONS_CODE}`]);
});

test('validators read the slots and fields where the compiler has put them', () => {
  const { head: _head, ...consortium } = CONSORTIUM_SLOTS;
  expect(slotsOf(CONSORTIUM)).toMatchObject(consortium);
  const { head: _first, ...permissions } = PERMISSIONS_SLOTS;
  expect(slotsOf(PERMISSIONS)).toEqual(permissions);
  expect(bits(CONSORTIUM.storage.filter(({ slot }) => slot === '0'))).toEqual(firstBits(HEAD));
  expect(bits(PERMISSIONS.storage.filter(({ slot }) => slot === '0'))).toEqual(firstBits(ACCESS_HEAD));
  expect(struct('Node', '0')).toEqual(firstBits(NODE));
  expect(struct('Member', '0')).toEqual(firstBits(MEMBER));
  expect(struct('Member', '1')).toEqual(firstBits(MEMBER_SECOND));
  expect(struct('Upgrade', '0')).toEqual(firstBits(UPGRADE));
});
