/** The mobile network a phone is in, of `gsm.operator.alpha` and `gsm.network.type`: one value per SIM, by commas. */
export function networkOf(operator: string, type: string): string | null {
  const list = (text: string): string[] =>
    text
      .trim()
      .split(',')
      .map((part) => part.trim());
  const types = list(type);
  const sims = list(operator)
    .map((name, index) => [name, types[index] ?? ''] as const)
    .filter(([name]) => name !== '')
    .map(([name, radio]) => (radio === '' || /^(unknown|iwlan)$/i.test(radio) ? name : `${name} ${radio}`));
  return sims.length === 0 ? null : sims.join(', ').slice(0, 80);
}
