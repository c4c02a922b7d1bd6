/** `module reload NAME`: whether it was done, by its words; the exit code is 0 either way. */
export const reloaded = (output: string): boolean =>
  /reloaded successfully|Reload request queued/i.test(output);
