/** Under which name the key of a CRM link is sealed: part of what binds the ciphertext. */
export const crmSecretName = (family: string): string => `crm:${family}`;

/** Plain http on this machine, which only a deployment in demo mode may ask: a stand-in for a CRM. */
export function isLoopbackHttp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'http:' &&
    (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname))
  );
}
