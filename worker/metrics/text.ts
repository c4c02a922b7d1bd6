/** Metrics in the Prometheus text format, version 0.0.4. */
export interface Metric {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

const escape = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** What a scraper reads. Metrics without samples are left out. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, type, help, samples }) =>
    samples.length === 0
      ? []
      : [
          `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
          `# TYPE ${name} ${type}`,
          ...samples.map(({ labels = {}, value }) => `${name}${labelsText(labels)} ${value}`),
        ],
  );
  return `${lines.join('\n')}\n`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
