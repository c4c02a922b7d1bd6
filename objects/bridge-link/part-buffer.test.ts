import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PART_SIZE, PartBuffer } from './part-buffer';

it('gives out what came in, in whole parts and a rest', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 * 1024 * 1024 }), { maxLength: 8 }), (sizes) => {
      const buffer = new PartBuffer();
      let written = 0;
      let read = 0;
      /** Every byte says where in the stream it belongs. */
      const at = (i: number): number => (i * 7 + (i >> 12)) & 0xff;
      const check = (part: Uint8Array): void => {
        for (let i = 0; i < part.byteLength; i += 4_001) expect(part[i]).toBe(at(read + i));
        read += part.byteLength;
      };
      for (const size of sizes) {
        const piece = new Uint8Array(size);
        for (let i = 0; i < size; i += 1) piece[i] = at(written + i);
        buffer.add(piece);
        // The sender's memory is its own again.
        piece.fill(0xee);
        written += size;
        for (let part = buffer.part(); part !== null; part = buffer.part()) {
          expect(part.byteLength).toBe(PART_SIZE);
          check(part);
        }
        expect(buffer.size).toBe(written - read);
        expect(buffer.size).toBeLessThan(PART_SIZE);
      }
      check(buffer.rest());
      expect(read).toBe(written);
      expect(buffer.size).toBe(0);
    }),
    { numRuns: 20 },
  );
});
