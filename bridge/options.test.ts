import { expect, it } from 'vitest';
import { DEFAULT_CONFIG, readOptions, UsageError } from './options.ts';

it.each<[string[], ReturnType<typeof readOptions>]>([
  [[], { do: 'run', config: DEFAULT_CONFIG }],
  [['--config', 'b.toml'], { do: 'run', config: 'b.toml' }],
  [['--config', 'b.toml', '--check'], { do: 'check', config: 'b.toml' }],
  [['--enrol', 'AAAA-BBBB', '--config', 'b.toml'], { do: 'enrol', config: 'b.toml', code: 'AAAA-BBBB' }],
  [['--config', 'b.toml', '--enrol'], { do: 'enrol', config: 'b.toml', code: null }],
  [['--enrol', '-', '--config', 'b.toml'], { do: 'enrol', config: 'b.toml', code: null }],
  [['--enrol', '--config', 'b.toml'], { do: 'enrol', config: 'b.toml', code: null }],
  [['--version'], { do: 'version' }],
  [['-h', '--check'], { do: 'help' }],
])('reads %j', (argv, options) => {
  expect(readOptions(argv)).toEqual(options);
});

it.each([[['--cofnig', 'x']], [['b.toml']], [['--enrol', 'A', '--check']], [['--config']]])(
  'refuses %j',
  (argv) => {
    expect(() => readOptions(argv)).toThrow(UsageError);
  },
);
