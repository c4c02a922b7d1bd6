/** The number in `PJSIP/150` or `Local/150@inoffice/n`; null where the interface is no extension. */
export const extensionOf = (name: string): string | null =>
  /^[A-Za-z]+\/([0-9*#]{1,20})(?:[@/-]|$)/.exec(name)?.[1] ?? null;
