/** R2 wants all parts of an upload but the last to be of one size, 5 MiB at least. */
export const PART_SIZE = 5 * 1024 * 1024;

/** Collects the bytes of a stream and gives them out in parts of PART_SIZE. */
export class PartBuffer {
  #pieces: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The bytes are copied: a frame's own memory is not kept alive by it. */
  add(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#pieces.push(bytes.slice());
    this.#size += bytes.byteLength;
  }

  /** A whole part, or null while there is none. */
  part(): Uint8Array | null {
    return this.#size < PART_SIZE ? null : this.#take(PART_SIZE);
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.#take(this.#size);
  }

  #take(size: number): Uint8Array {
    const part = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const [piece] = this.#pieces;
      if (piece === undefined) break;
      const used = Math.min(piece.byteLength, size - at);
      part.set(piece.subarray(0, used), at);
      at += used;
      if (used === piece.byteLength) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(used);
    }
    this.#size -= size;
    return part;
  }
}
