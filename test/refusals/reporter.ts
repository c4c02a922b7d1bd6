/** Writes down which refusals of the API were heard by which test file: `dist/refusals/<file>.json`, one per file. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import './record.ts';
import { HEARD, root } from './coverage.ts';

export default class RefusalReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    mkdirSync(HEARD, { recursive: true });
    for (const module of modules) {
      const heard = new Set<string>();
      for (const test of module.children.allTests())
        for (const refusal of test.meta().refusals ?? []) heard.add(refusal);
      const name = relative(root, module.moduleId).replaceAll('/', '~');
      const file = join(HEARD, `${name}.json`);
      if (heard.size === 0) rmSync(file, { force: true });
      else writeFileSync(file, `${JSON.stringify([...heard].toSorted(), null, 1)}\n`);
    }
  }
}
