import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size: number): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readServerSentEvents(cut(text, size))) events.push(event);
  return events;
}

describe('server-sent events', () => {
  const stream = ': hello\n\nid: 1\nevent: step\ndata: {"a":"ü"}\n\nid: 2\r\ndata: x\r\ndata:y\r\n\r\ndata: unfinished';
  const expected = [
    { id: '1', event: 'step', data: '{"a":"ü"}' },
    { id: '2', event: 'message', data: 'x\ny' },
  ];
  it.each([1, 2, 3, 7, 1000])('reads the same events from chunks of %i bytes', async (size) => {
    expect(await read(stream, size)).toEqual(expected);
  });
});
