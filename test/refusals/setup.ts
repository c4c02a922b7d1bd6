import { afterEach } from 'vitest';
import { keepRefusals } from './record.ts';

afterEach(keepRefusals);
