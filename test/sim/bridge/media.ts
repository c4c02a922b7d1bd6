import { crc32, deflateSync } from 'node:zlib';

/** A mono 8 kHz 16-bit WAV with two voices taking turns, so that a player has something to show. */
export function wav(seconds: number): Buffer {
  const rate = 8_000;
  const samples = Math.floor(rate * seconds);
  const data = Buffer.alloc(samples * 2);
  for (let at = 0; at < samples; at += 1) {
    const time = at / rate;
    const voice = Math.floor(time / 1.5) % 2 === 0 ? 220 : 330;
    const breath = Math.abs(Math.sin(time * 4)) * 0.2;
    data.writeInt16LE(Math.round(Math.sin(time * voice * 2 * Math.PI) * breath * 32_767), at * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** A picture of a phone's screen: bars of colour, with one that moves from shot to shot. */
export function png(width: number, height: number, shot: number): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  const mark = (shot * 40) % height;
  for (let y = 0; y < height; y += 1) {
    const start = y * (width * 3 + 1) + 1;
    for (let x = 0; x < width; x += 1) {
      const bar = y < 24 ? 40 : y >= mark && y < mark + 16 ? 230 : 90 + Math.floor((y / height) * 80);
      rows[start + x * 3] = bar;
      rows[start + x * 3 + 1] = Math.floor((x / width) * 120) + 60;
      rows[start + x * 3 + 2] = 200;
    }
  }
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(width, 0);
  ihdr.writeUInt32BE(height, 4);
  ihdr.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', ihdr),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
