import { encodeFrame, FRAME, FrameError, FrameReader, MAX_FRAME_BYTES } from './frames.js';

function reader(): { reader: FrameReader; frames: { type: number; payload: number[] }[] } {
  const frames: { type: number; payload: number[] }[] = [];
  return { frames, reader: new FrameReader((type, payload) => frames.push({ type, payload: [...payload] })) };
}

const stream = Buffer.concat([encodeFrame(FRAME.vote, Uint8Array.of(1, 2, 3)), encodeFrame(FRAME.ping, new Uint8Array()), encodeFrame(FRAME.hello, new Uint8Array(300).fill(7))]);
const expected = [
  { type: FRAME.vote, payload: [1, 2, 3] },
  { type: FRAME.ping, payload: [] },
  { type: FRAME.hello, payload: Array.from({ length: 300 }, () => 7) },
];

describe('frames', () => {
  it('come out whole, wherever the stream was cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { reader: one, frames } = reader();
      one.push(stream.subarray(0, cut));
      one.push(stream.subarray(cut));
      expect(frames).toEqual(expected);
    }
  });

  it('come out whole byte by byte', () => {
    const { reader: one, frames } = reader();
    for (let i = 0; i < stream.length; i++) one.push(stream.subarray(i, i + 1));
    expect(frames).toEqual(expected);
  });

  it('that come in crumbs are not kept as crumbs: each would take a hundred times its size', () => {
    const { reader: one, frames } = reader();
    const payload = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31);
    const bytes = encodeFrame(FRAME.transactions, payload);
    let most = 0;
    for (let from = 0, size = 1; from < bytes.length; from += size, size = 1 + (from % 3)) {
      one.push(Buffer.from(bytes.subarray(from, from + size)));
      most = Math.max(most, one.pieces);
    }
    expect(frames).toEqual([{ type: FRAME.transactions, payload: [...payload] }]);
    expect(most).toBeLessThan(100);
  });

  it.each([0, MAX_FRAME_BYTES + 1, 0xffff_ffff])('of length %d are refused by their header alone', (length) => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(length);
    expect(() => reader().reader.push(header)).toThrow(FrameError);
  });

  it('keep no part of the chunk that they came in', () => {
    let kept: Uint8Array | undefined;
    const chunk = encodeFrame(FRAME.vote, Uint8Array.of(1, 2, 3));
    new FrameReader((_type, payload) => (kept = payload)).push(chunk);
    chunk.fill(0);
    expect([...(kept ?? [])]).toEqual([1, 2, 3]);
  });
});
