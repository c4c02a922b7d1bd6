// `node scripts/refusals.mjs`: which refusals of the API document no test has heard so far. Test runs leave what they
// heard in dist/refusals, so that one file at a time can be mended and looked at again.
import { reportRefusals } from './lib/refusals.ts';
import { exitOnSignals } from './lib/run.ts';

exitOnSignals();
process.exit((await reportRefusals()) ? 0 : 1);
