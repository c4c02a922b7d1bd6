// Four seconds of a 400 Hz tone as raw G.711 µ-law, to stdout. Sound matters: Asterisk takes Local channels out of a
// call as soon as media flows, and leaves them in as long as it is silent.
const RATE = 8000;

/** One 16-bit sample as µ-law (ITU-T G.711). */
function muLaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
  let exponent = 7;
  for (let bit = 0x4000; exponent > 0 && (magnitude & bit) === 0; bit >>= 1) exponent--;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

const samples = Array.from({ length: 4 * RATE }, (_, n) =>
  muLaw(Math.trunc(8000 * Math.sin((2 * Math.PI * 400 * n) / RATE))),
);
process.stdout.write(Buffer.from(samples));
