const bytesOf = (base64: string): Uint8Array<ArrayBuffer> | null => {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
};

/** Whether a bridge's Ed25519 signature (base64) over a text is by this raw public key (base64). Never throws. */
export async function verifyHello(publicKey: string, signature: string, text: string): Promise<boolean> {
  const key = bytesOf(publicKey);
  const signed = bytesOf(signature);
  if (key === null || signed === null || key.byteLength !== 32 || signed.byteLength !== 64) return false;
  try {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify('Ed25519', imported, signed, new TextEncoder().encode(text));
  } catch {
    // 32 bytes that are no point of the curve.
    return false;
  }
}
