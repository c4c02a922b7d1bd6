/** Storing a large upload in R2 while its size and digest are taken, without ever holding it in memory. */

export const MOST_BUILD_BYTES = 200 * 1024 * 1024;

export type UploadResult =
  | { ok: true; sha256: string; size: number }
  /** `not_apk`: the file does not begin as a ZIP, which every APK is. `incomplete`: fewer or more bytes than announced. */
  | { ok: false; code: 'not_apk' | 'incomplete' };

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];

/**
 * Streams `body` into R2 under `key`. Nothing is left under the key unless all of it is right.
 * @param size announced length in bytes; R2 needs to know it beforehand.
 */
export async function storeBuild(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  size: number,
): Promise<UploadResult> {
  const fixed = new FixedLengthStream(size);
  const digest = new crypto.DigestStream('SHA-256');
  const stored = bucket.put(key, fixed.readable, {
    httpMetadata: { contentType: 'application/vnd.android.package-archive' },
  });
  // Both are awaited below where it matters; without handlers an aborted upload would be reported as a fault.
  stored.catch(() => undefined);
  digest.digest.catch(() => undefined);
  const problem = await pump(body, fixed.writable, digest);
  if (problem !== null) {
    await stored.catch(() => undefined);
    await bucket.delete(key);
    return { ok: false, code: problem };
  }
  await stored;
  return { ok: true, sha256: Buffer.from(await digest.digest).toString('hex'), size };
}

async function pump(
  body: ReadableStream<Uint8Array>,
  store: WritableStream<Uint8Array>,
  digest: WritableStream<ArrayBuffer | ArrayBufferView>,
): Promise<'not_apk' | 'incomplete' | null> {
  const reader = body.getReader();
  const toStore = store.getWriter();
  const toDigest = digest.getWriter();
  for (const writer of [toStore, toDigest]) writer.closed.catch(() => undefined);
  const magic: number[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (magic.length < ZIP_MAGIC.length) {
        magic.push(...value.subarray(0, ZIP_MAGIC.length - magic.length));
        if (magic.some((byte, i) => byte !== ZIP_MAGIC[i])) throw new NotApk();
      }
      await toStore.write(value);
      await toDigest.write(value);
    }
    if (magic.length < ZIP_MAGIC.length) throw new NotApk();
    // Fails when fewer bytes came than were announced.
    await toStore.close();
    await toDigest.close();
    return null;
  } catch (error) {
    await Promise.allSettled([toStore.abort(error), toDigest.abort(error)]);
    return error instanceof NotApk ? 'not_apk' : 'incomplete';
  } finally {
    reader.releaseLock();
  }
}

class NotApk extends Error {}
