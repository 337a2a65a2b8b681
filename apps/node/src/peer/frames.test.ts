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
