import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { chooseNodeBinary, fingerprint, hashEntries, type ImageEntry, imageEntries, NODE_BINARY, NODE_UID, type NodeBinary, PROGRAM } from './files.js';

const REPOSITORY = 'stele-node';

/** What `docker import --change` writes into the image's configuration. docker/Dockerfile.node says the same. */
export const IMAGE_CHANGES: readonly string[] = [
  `ENTRYPOINT ["${NODE_BINARY}","${PROGRAM}"]`,
  `USER ${NODE_UID}:${NODE_UID}`,
  'WORKDIR /data',
  'ENV NODE_ENV=production STELE_DATA=/data',
  'EXPOSE 7400 7401 7402',
  'LABEL stele.kind=image',
];

export interface NodeImage {
  repository: string;
  /** Hash of the content: importing it twice is importing it once. */
  tag: string;
  /** `repository:tag`. */
  name: string;
  /** Where the Node in it is from. */
  nodeWhy: string;
  /** A tar of the whole root file system. Each call makes a new stream; destroy it when it is not read to its end. */
  tar(): Readable;
}

async function addFile(tar: Pack, entry: ImageEntry, common: { name: string; mode: number; uid: number; gid: number; mtime: Date }): Promise<void> {
  const { size } = await stat(String(entry.source));
  const sink = tar.entry({ ...common, size });
  await pipeline(createReadStream(String(entry.source), { highWaterMark: 1 << 20 }), sink);
}

/** Writes the entries one after the other; times are fixed, so that equal content makes an equal tar. */
async function fill(tar: Pack, entries: readonly ImageEntry[]): Promise<void> {
  for (const entry of entries) {
    const common = { name: entry.path, mode: entry.mode, uid: entry.uid ?? 0, gid: entry.uid ?? 0, mtime: new Date(0) };
    if (entry.source !== undefined) await addFile(tar, entry, common);
    else if (entry.text !== undefined) tar.entry(common, entry.text);
    else tar.entry({ ...common, type: 'directory' });
  }
  tar.finalize();
}

/** Describes node images made from a bundle folder; remembers the hash for as long as the files stay as they are. */
export class NodeImageBuilder {
  private known: { fingerprint: string; image: Promise<NodeImage> } | undefined;
  private readonly node: NodeBinary;

  constructor(
    private readonly bundleFolder: string,
    node?: NodeBinary,
  ) {
    this.node = node ?? chooseNodeBinary();
  }

  /** @throws RuntimeError `NotFound` without a bundle, `Unsupported` where no image can be made. */
  async describe(): Promise<NodeImage> {
    const now = await fingerprint(this.bundleFolder, this.node);
    if (this.known?.fingerprint !== now) {
      const image = this.make();
      this.known = { fingerprint: now, image };
      image.catch(() => (this.known = undefined));
    }
    return this.known.image;
  }

  private async make(): Promise<NodeImage> {
    const entries = await imageEntries(this.bundleFolder, this.node);
    const tag = (await hashEntries(entries, IMAGE_CHANGES)).slice(0, 24);
    return {
      repository: REPOSITORY,
      tag,
      name: `${REPOSITORY}:${tag}`,
      nodeWhy: this.node.why,
      tar: () => {
        const tar = pack();
        fill(tar, entries).catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
        return tar as unknown as Readable;
      },
    };
  }
}
