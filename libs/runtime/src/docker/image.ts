import type Docker from 'dockerode';
import { RuntimeError } from '../errors.js';
import { IMAGE_CHANGES, type NodeImage } from '../image/node-image.js';
import type { EnsuredImage } from '../port.js';
import { orMissing } from './engine.js';

/** Reads a stream of progress to its end. An engine answers 200 at once and puts what went wrong into the stream. */
function followProgress(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, lines: { error?: string }[] | undefined) => {
      const said = lines?.find((line) => line.error !== undefined)?.error;
      if (error) reject(error);
      else if (said !== undefined) reject(new RuntimeError('Failed', `The engine refused the image: ${said}`));
      else resolve();
    });
  });
}

/** Imports the image unless one of that content is there. Two at a time do no harm: they make the same. */
export async function ensureImageAt(docker: Docker, image: NodeImage): Promise<EnsuredImage> {
  const there = await orMissing(docker.getImage(image.name).inspect());
  if (there !== undefined) return { image: image.name, imported: false, sizeBytes: there.Size };
  const tar = image.tar();
  try {
    const stream = await docker.importImage(tar, { repo: image.repository, tag: image.tag, changes: [...IMAGE_CHANGES] });
    await followProgress(docker, stream);
  } finally {
    tar.destroy();
  }
  const made = await orMissing(docker.getImage(image.name).inspect());
  if (made === undefined) throw new RuntimeError('Failed', `The engine took the image ${image.name} but does not have it.`);
  return { image: image.name, imported: true, sizeBytes: made.Size };
}
