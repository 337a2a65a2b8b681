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
