// The phones of a set: how many (TEL_PHONE_COUNT, three unless told), where their state lies, and their ports.
export function phones() {
  const { TEL_DIR: dir, TEL_PREFIX: prefix, TEL_PHONE_COUNT: count = '3' } = process.env;
  return Array.from({ length: Number(count) }, (_, index) => {
    const number = index + 1;
    const name = number <= 26 ? String.fromCodePoint(96 + number) : `p${number}`;
    return {
      number,
      name,
      port: Number(prefix) * 1000 + 600 + number,
      state: `${dir}/phones/${name}`,
      socket: `${dir}/run/slot-${number}.sock`,
    };
  });
}
