import { and, desc, eq } from 'drizzle-orm';
import { appBuilds } from '../../db/schema';
import { buildLinkUrl, readBuildLink } from '../download-link';
import { answer, database, type DialerCall, type Endpoint, type SignedCall } from '../endpoint';
import { notFound } from '../errors';
import { phoneIdentity } from '../identity';

async function latest(call: SignedCall): Promise<Response> {
  const tenantId = call.identity.tenant.id;
  const [build] = await database(call)
    .select()
    .from(appBuilds)
    .where(eq(appBuilds.tenantId, tenantId))
    .orderBy(desc(appBuilds.versionCode))
    .limit(1);
  if (build === undefined) throw notFound('No build of the app has been uploaded.');
  const link = await buildLinkUrl(call.request, call.env, { tenantId, buildId: build.id }, call.now);
  return answer({
    version_name: build.versionName,
    version_code: build.versionCode,
    sha256: build.sha256,
    size_bytes: build.sizeBytes,
    download_url: link.href,
    uploaded_at: new Date(build.uploadedAt).toISOString(),
  });
}

async function download(call: DialerCall): Promise<Response> {
  const link = await wanted(call);
  if (link === null) throw notFound();
  const [build] = await database(call)
    .select()
    .from(appBuilds)
    .where(and(eq(appBuilds.tenantId, link.tenantId), eq(appBuilds.id, link.buildId)));
  if (build === undefined) throw notFound();
  // A download that broke off goes on where it stopped; a range that makes no sense is the whole file.
  const range = rangeOf(call.request.headers.get('range'), build.sizeBytes);
  const blob = await call.env.BLOBS.get(build.blobKey, range === null ? {} : { range });
  if (blob === null) throw notFound();
  return new Response(blob.body, {
    status: range === null ? 200 : 206,
    headers: {
      'Content-Type': 'application/vnd.android.package-archive',
      'Content-Length': String(range?.length ?? build.sizeBytes),
      ...(range !== null && {
        'Content-Range': `bytes ${range.offset}-${range.offset + range.length - 1}/${build.sizeBytes}`,
      }),
      'Accept-Ranges': 'bytes',
      // The version name was checked on upload: it holds nothing that could end the header's value.
      'Content-Disposition': `attachment; filename="dialer-${build.versionName}.apk"`,
      'Cache-Control': 'private, no-store',
      ETag: `"${build.sha256}"`,
    },
  });
}

/** One range of `Range: bytes=…` (RFC 9110, 14.1.2) inside a file; null for none, several, or one outside of it. */
export function rangeOf(header: string | null, size: number): { offset: number; length: number } | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  const offset = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return offset > end || offset >= size ? null : { offset, length: end - offset + 1 };
}

/** The build a request may have: by a signed link, or by a phone's token and `?id=`. Null: a link that is no good. */
async function wanted(call: DialerCall): Promise<{ tenantId: string; buildId: string } | null> {
  const signature = call.url.searchParams.get('sig');
  if (signature !== null && signature.length <= 2_048) return readBuildLink(call.env, signature, call.now);
  const { tenant } = await phoneIdentity(call.request, call.env, call.now);
  return { tenantId: tenant.id, buildId: call.url.searchParams.get('id') ?? '' };
}

export const appEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/app/latest',
    method: 'GET',
    who: 'any',
    run: latest,
    doc: {
      summary: 'The newest build of the app',
      description: 'The link is good for 15 minutes and needs no token.',
      answer: {
        version_name: '2.4.1',
        version_code: 241,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        size_bytes: 8_388_608,
        download_url: 'https://pbx.example/api/phone/app/download/?sig=eyJ…',
        uploaded_at: '2026-11-15T10:30:00.000Z',
      },
      errors: [404],
    },
  },
  {
    path: '/api/phone/app/download',
    method: 'GET',
    who: 'public',
    run: download,
    doc: {
      summary: 'The file of a build',
      description: 'By a link of app/latest, or by a phone’s token and `id`.',
      query: { sig: 'eyJ…' },
      takesAnyQuery: true,
      answer: 'application/vnd.android.package-archive',
      errors: [401, 404],
    },
  },
];
