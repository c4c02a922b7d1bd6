import { buildApp } from '../../../scripts/start/app-build.ts';

/** Once per run, before the first server starts: the app is built, so that no test's own deadline pays for it. */
export default async function prepare(): Promise<void> {
  await buildApp((line) => console.log(line));
}
