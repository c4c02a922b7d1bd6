import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A place that looks like a secret. */
export interface Finding {
  file: string;
  /** 1-based. */
  line: number;
  rule: string;
}

/** Shapes that only secrets have. The expressions are written so that this file does not match itself. */
const SHAPES: ReadonlyArray<[rule: string, expression: RegExp]> = [
  ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----(\s|\\r|\\n)*[A-Za-z0-9+/]{40}/],
  ['signed token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20,}/],
  ['AWS access key', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['Google API key', /\bAIza[\w-]{35}\b/],
  ['GitHub token', /\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b/],
  ['Slack token', /\bxox[abprs]-[\w-]{20,}/],
  ['Stripe key', /\b[rs]k_live_[A-Za-z0-9]{20,}/],
  ['npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['password in an address', /\b[a-z][a-z0-9+]*:\/\/[^\s/:@'"`$<{]+:[^\s/@'"`$<{]{6,}@(?!(\w+\.)*example\b)/],
];
/** A name that says "secret" given a long literal value: judged by how random the value looks. */
const ASSIGNMENT =
  /(?:secret|passw(?:or)?d|token|api_?key|private_?key|pepper|keyring|credential)\w*["']?\s*[:=]\s*["'`]([A-Za-z0-9+/_=.-]{20,})["'`]/gi;
/** Files that hold secrets by their kind and never belong into the repository. */
const FORBIDDEN_FILES =
  /(^|\/)(\.env(\.[\w-]+)?|\.dev\.vars|secrets\.json|[^/]+\.(pem|p12|pfx|keystore|jks)|id_(rsa|ed25519))$/;
/** Bits per character above which a literal is no word or sentence; base64 of random bytes has 4.5 and more at 32. */
const RANDOM_ENTROPY = 4;
const LARGEST = 1_000_000;

/** Shannon entropy in bits per character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Looks for secrets in one file's text. */
export function scanText(file: string, text: string): Finding[] {
  const findings: Finding[] = [];
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    // A key's header and its first line are judged together.
    const content = line.includes('PRIVATE KEY') ? `${line}\n${lines[index + 1] ?? ''}` : line;
    const add = (rule: string): void => void findings.push({ file, line: index + 1, rule });
    for (const [rule, expression] of SHAPES) if (expression.test(content)) add(rule);
    for (const match of content.matchAll(ASSIGNMENT)) {
      const value = match[1] ?? '';
      if (entropy(value) >= RANDOM_ENTROPY && /\d/.test(value)) add('random literal under a secret name');
    }
  });
  return findings;
}

/** Looks for secrets in everything git tracks or would add. */
export function scanRepository(root: string): Finding[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const findings: Finding[] = [];
  for (const file of list.toString().split('\0')) {
    if (file === '' || file.endsWith('package-lock.json')) continue;
    if (FORBIDDEN_FILES.test(file))
      findings.push({ file, line: 1, rule: 'a file that holds secrets by its kind' });
    const status = lstatSync(join(root, file), { throwIfNoEntry: false });
    if (status === undefined || !status.isFile() || status.size > LARGEST) continue;
    const bytes = readFileSync(join(root, file));
    if (!bytes.includes(0)) findings.push(...scanText(file, bytes.toString()));
  }
  return findings;
}
