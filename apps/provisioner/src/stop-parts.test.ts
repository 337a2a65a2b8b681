import { stopParts } from './stop-parts.js';

test('a part that fails to stop is logged, and those after it are stopped', async () => {
  const events: string[] = [];
  const part = (name: string, fault?: Error) => ({
    stop: async () => {
      events.push(name);
      if (fault !== undefined) throw fault;
    },
  });
  await stopParts([part('a'), part('b', new Error('the queue is gone')), part('c')], { warn: () => void events.push('warned') });
  expect(events).toEqual(['a', 'b', 'warned', 'c']);
});
