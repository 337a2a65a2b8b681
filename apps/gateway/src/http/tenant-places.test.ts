import { TenantPlaces } from './tenant-places.js';

it('gives each tenant its part, whatever others take, and takes a place back once', () => {
  const places = new TenantPlaces(2);
  const [first, second] = [places.take('a'), places.take('a')];
  expect(second).not.toBeNull();
  expect(places.take('a')).toBeNull();
  expect(places.take('b')).not.toBeNull();
  first?.();
  first?.();
  expect(places.take('a')).not.toBeNull();
  expect(places.take('a')).toBeNull();
});

it('counts what is taken at once', () => {
  const bytes = new TenantPlaces(100);
  const leave = bytes.take('a', 60);
  expect([bytes.take('a', 50), bytes.heldBy('a')]).toEqual([null, 60]);
  expect(bytes.take('a', 40)).not.toBeNull();
  leave?.();
  expect([bytes.heldBy('a'), bytes.heldBy('b')]).toEqual([40, 0]);
});
